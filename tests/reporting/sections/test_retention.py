"""What replay kept: each budget beside its outcome, and every decision."""

from __future__ import annotations

from typing import Any

import pytest

from aurora.reporting.page.components import Palette
from aurora.reporting.schema import Report
from aurora.reporting.sections.retention import retention_section
from reporting.reading import Checked, plain, rows

PALETTE = Palette(["en", "code", "fi"])
EN, CODE, FI = "docstrings/en", "sources/code", "catalogues/fi"
BASE = {EN: 2.0, CODE: 1.0, FI: 4.0}


@pytest.fixture
def page(data: dict[str, Any]) -> str:
    """The section of a run whose stage cap kept to one budget of two."""
    data["stages"][1]["retention"] = {
        "budget": {EN: 0.02, CODE: 0.0},
        "base": BASE,
        "start": {**BASE, FI: 3.8},
        "decisions": [
            {"step": 100, "bits_per_byte": {EN: 2.1, CODE: 1.0, FI: 3.5}, "weights": {EN: 0.25, CODE: 0.1, FI: 0.65}},
            {"step": 200, "bits_per_byte": {EN: 2.04, CODE: 1.01, FI: 3.0}, "weights": {}},
        ],
    }
    return str(retention_section(Report.model_validate(data), PALETTE))


def test_a_run_without_adaptive_replay_has_no_section(data: dict[str, Any]) -> None:
    assert retention_section(Report.model_validate(data), PALETTE) is None


def test_each_budget_stands_beside_what_became_of_it(page: str) -> None:
    assert rows(page, "Forgotten (+) and gained")[1:] == [
        ["cap", EN, "+2.0 %", "2.00", "2.04", "+2.0 %", "+2.0 %", "yes"],  # a budget used up is kept
        ["cap", CODE, "0", "1.00", "1.01", "+1.0 %", "+1.0 %", "no"],
        ["cap", FI, "–", "4.00", "3.00", "-25 %", "-21 %", "–"],
    ]


def test_every_decision_is_told_and_the_last_leads_to_no_shares(page: str) -> None:
    assert rows(page, "Every decision") == [
        ["stage", "step", f"{EN} change", "share after", f"{CODE} change", "share after"],
        ["cap", "100", "+5.0 %", "25 %", "0.0 %", "10 %"],
        ["cap", "200", "+2.0 %", "–", "+1.0 %", "–"],
    ]


def test_the_chart_shows_the_shares_of_replayed_sources_alone(page: str) -> None:
    assert f"{EN}: 25 % to 25 %. {CODE}: 10 % to 10 %." in plain(page)
    assert page.count("<polyline") == 2
    assert Checked(page).pictures == [{"title", "desc", "line", "text", "svg", "polyline"}]

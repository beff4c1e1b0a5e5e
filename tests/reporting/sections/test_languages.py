"""Bits per byte by language: the bigram and the control beside every stage, and what a change is called."""

from __future__ import annotations

import re
from typing import Any

import pytest

from aurora.reporting.page.components import Palette
from aurora.reporting.report import render
from aurora.reporting.schema import Report
from aurora.reporting.sections.languages import gains_section, languages_section, other_domain_section
from reporting.reading import rows

PALETTE = Palette(["en", "fi", "code"])


def test_every_language_has_its_stages_its_control_and_its_bigram(data: dict[str, Any]) -> None:
    page = languages_section(Report.model_validate(data), PALETTE)
    headings, *found = rows(page, "Bits per byte, held-out text of the training domain")
    assert headings == ["language", "base", "cap", "cat", "safety", "control", "bigram"]
    assert found[0] == ["English", "2.48", "2.44", "2.40", "2.41", "2.99", "2.52"]
    assert found[-1][0] == "Code"
    assert "base 4.60, cap 3.09, cat 3.06, safety 3.08, control 3.01; bigram 2.98." in page


@pytest.mark.parametrize(
    ("change", "shown", "kind"),
    [
        (-0.02, "-2.0 %", ""),
        (0.02, "+2.0 %", ""),
        (-0.021, "▼ -2.1 %", "heat better"),
        (0.021, "▲ +2.1 %", "heat worse"),
    ],
)
def test_only_a_change_that_chance_does_not_explain_is_marked(
    data: dict[str, Any], change: float, shown: str, kind: str
) -> None:
    data["stages"][1]["bits_per_byte"] = {"en": data["stages"][0]["bits_per_byte"]["en"] * (1 + change)}
    data["stages"][2:] = []
    data.update(control=None, bigram_bits_per_byte={})
    page = str(gains_section(Report.model_validate(data)))
    assert rows(page, "Change against base, training domain")[1][:2] == ["English", shown]
    table = page.partition("another domain")[0]
    assert re.findall(r'class="number (heat \w+)"', table) == ([kind] if kind else [])


def test_one_checkpoint_alone_has_gained_nothing(data: dict[str, Any]) -> None:
    data.update(stages=data["stages"][:1], control=None)
    assert gains_section(Report.model_validate(data)) is None


def test_a_domain_that_nobody_measured_has_no_section(data: dict[str, Any]) -> None:
    for measured in (*data["stages"], data["control"]):
        measured["bits_per_byte_other_domain"] = {}
    assert other_domain_section(Report.model_validate(data), PALETTE) is None


def test_answers_have_their_own_section_where_they_were_measured(data: dict[str, Any]) -> None:
    assert 'id="answers"' not in render(data)
    for number, stage in enumerate(data["stages"]):
        stage["bits_per_byte_answers"] = {"fi": 3.5 - number / 2}
    data["bigram_bits_per_byte_answers"] = {"fi": 3.21}
    page = render(data)
    assert '<h2 id="answers">' in page
    table = page.split("<caption><span>Bits per byte, answers of held-out conversations", 1)[1].partition("</table>")[0]
    assert all(f">{value}<" in table for value in ("3.50", "3.00", "3.21"))
    assert f"Change against {data['stages'][0]['name']}, answers" in page

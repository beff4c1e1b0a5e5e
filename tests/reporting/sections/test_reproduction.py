"""Reproduction: environment, hashes and recipe, and the edits that the recipe alone does not show."""

from __future__ import annotations

from typing import Any

from aurora.reporting.page.components import MAX_LETTERS
from aurora.reporting.schema import Report
from aurora.reporting.sections.reproduction import GLOSSARY, glossary_section, reproduction_section
from reporting.reading import Checked, rows


def page_of(data: dict[str, Any]) -> str:
    return reproduction_section(Report.model_validate(data))


def test_everything_that_a_second_run_needs_is_on_the_page(data: dict[str, Any]) -> None:
    page = page_of(data)
    text = Checked(page).text
    for fact in ("torch2.13.0", "precisionbf16", "seed20240330", "vocabulary8,192", "start: model"):
        assert fact in text
    assert rows(page, "SHA-256 of every artifact")[1:] == [
        ["checkpoints/base", "2b" * 32],
        ["checkpoints/cap", "3c" * 32],
        ["corpus", "1a" * 32],
    ]


def test_an_edit_during_a_stage_is_told_with_both_values(data: dict[str, Any]) -> None:
    assert "was resumed" not in page_of(data)
    data["stages"][1]["edits"] = [{"step": 1200, "changed": {"schedule.peak": ["0.003", "0.002"]}}]
    assert (
        "Stage cap was resumed after step 1,200 with changed values: schedule.peak (0.003 before, 0.002 after). "
        "The recipe has the new ones."
    ) in page_of(data)


def test_a_very_long_recipe_ends_where_the_page_would_be_too_long(data: dict[str, Any]) -> None:
    data["recipe_text"] = "r" * (MAX_LETTERS + 1)
    page = page_of(data)
    assert "r" * MAX_LETTERS + " … (the rest is in report.json)" in page
    assert "r" * (MAX_LETTERS + 1) not in page


def test_what_was_not_recorded_has_no_empty_part(data: dict[str, Any]) -> None:
    data.update(environment={}, network=None, hashes={}, recipe_text="")
    page = page_of(data)
    assert Checked(page).tags == {"section", "h2"}


def test_the_words_of_the_page_are_explained() -> None:
    text = Checked(glossary_section()).text
    assert all(word in text and meaning in text for word, meaning in GLOSSARY)

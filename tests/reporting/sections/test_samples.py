"""What the model writes: unedited, all stages under one opening."""

from __future__ import annotations

from typing import Any

from aurora.reporting.report import render
from aurora.reporting.schema import Report
from aurora.reporting.sections.samples import MAX_SAMPLE_LETTERS, samples_section


def test_an_opening_stands_once_with_every_stage_below_it(data: dict[str, Any]) -> None:
    for number, stage in enumerate(data["stages"]):
        stage["samples"] = [{"language": "fi", "prompt": "Joki virtaa", "text": f" kohti {number}"}]
    page = str(samples_section(Report.model_validate(data)))
    assert page.count("Joki virtaa") == 1
    places = [page.index(f"<dt>{name}</dt>") for name in ("base", "cap", "cat", "safety")]
    assert places == sorted(places)
    assert [f" kohti {number}" in page for number in range(4)] == [True] * 4


def test_a_text_without_end_is_cut(data: dict[str, Any]) -> None:
    data["stages"][0]["samples"][0]["text"] = "y" * (MAX_SAMPLE_LETTERS + 1)
    page = str(samples_section(Report.model_validate(data)))
    assert "y" * MAX_SAMPLE_LETTERS in page
    assert "y" * (MAX_SAMPLE_LETTERS + 1) not in page


def test_a_run_that_wrote_nothing_has_no_section(data: dict[str, Any]) -> None:
    for stage in data["stages"]:
        stage["samples"] = []
    assert samples_section(Report.model_validate(data)) is None


def test_samples_carry_their_language(data: dict[str, Any]) -> None:
    page = render(data)
    for language in ("en", "fi", "hi", "ja", "vi"):
        assert f'<span class="quote" lang="{language}" translate="no" dir="auto">' in page
    assert '<code class="quote" translate="no" dir="ltr"> F.linear(' in page


def test_screens_of_line_breaks_are_written_as_their_number(data: dict[str, Any]) -> None:
    data["stages"][0]["samples"][0]["text"] = "One.\n\nTwo." + "\n" * 47 + "Three."
    page = str(samples_section(Report.model_validate(data)))
    assert "One.\n\nTwo. ↵×47 Three." in page

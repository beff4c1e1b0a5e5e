"""The top of the page: good and bad news alike, and links to all that follows."""

from __future__ import annotations

from typing import Any

from aurora.reporting.schema import Report
from aurora.reporting.sections.overview import contents, limits, verdict
from reporting.reading import Checked, plain, rows


def page_of(data: dict[str, Any]) -> str:
    return verdict(Report.model_validate(data))


def test_key_facts_are_those_of_the_whole_run(data: dict[str, Any]) -> None:
    text = plain(Checked(page_of(data)).text)
    for fact in ("wall time7 min 12 s", "parameters6.89 M", "tokens trained on3.2 M", "of 61,203", "seed20240330"):
        assert fact in text


def test_a_bad_finding_is_marked_for_eyes_and_ears(data: dict[str, Any]) -> None:
    good = page_of(data)
    assert "take note: " not in good
    data["stages"][-1]["bits_per_byte"]["en"] *= 1.5
    page = page_of(data)
    assert '<li class="finding bad"><span class="sign" aria-hidden="true">!</span>' in page
    assert '<span class="unseen">take note: </span>Forgotten' in page


def test_the_chart_sets_the_control_beside_each_language(data: dict[str, Any]) -> None:
    page = plain(page_of(data))
    assert "English -2.8 %, control +21 %; " in page
    assert "× is the control without-replay." in page
    assert rows(page, "Bits per byte on held-out text")[:2] == [
        ["language", "base", "safety", "control", "bigram"],
        ["English", "2.48", "2.41", "2.99", "2.52"],
    ]
    data["control"] = None
    assert "control" not in page_of(data)


def test_one_stage_has_findings_without_a_chart(data: dict[str, Any]) -> None:
    data.update(stages=data["stages"][:1], control=None)
    page = page_of(data)
    assert '<div class="verdict alone">' in page
    assert "<svg" not in page


def test_what_is_not_shown_stands_beside_what_is(data: dict[str, Any]) -> None:
    page = limits(Report.model_validate(data))
    shown, _, missing = page.partition("It does not show")
    assert "<strong>Safety tuning: </strong>" in shown
    assert "<strong>Robust safety: </strong>" in missing
    data["safety"] = None
    page = limits(Report.model_validate(data))
    assert "afety" not in page


def test_contents_link_to_the_sections() -> None:
    page = contents([("corpus", "Corpus"), ("words", "A & B")])
    assert '<nav aria-label="Sections">' in page
    assert Checked(page).values("href") == ["#corpus", "#words"]
    assert "A &amp; B" in page

"""Safety before and after: refusals of harmful and of harmless prompts, with intervals and answers."""

from __future__ import annotations

import re
from typing import Any

import pytest

from aurora.reporting.schema import Report
from aurora.reporting.sections.safety import MAX_ANSWER_LETTERS, safety_section
from reporting.reading import plain, rows


def page_of(data: dict[str, Any]) -> str:
    return str(safety_section(Report.model_validate(data)))


def test_a_run_without_safety_stages_has_no_section(data: dict[str, Any]) -> None:
    data["safety"] = None
    assert safety_section(Report.model_validate(data)) is None


def test_refusals_of_both_kinds_stand_side_by_side_with_their_intervals(data: dict[str, Any]) -> None:
    headings, whole, english, *_ = rows(page_of(data), "Refusals by language")
    assert headings[1:4] == ["harmful", "refused before", "refused after"]
    assert whole[:4] == ["All languages", "200", "0 % [0 %, 1.9 %]", "95 % [91 %, 97.3 %]"]
    assert whole[4] == "200"
    assert english[0] == "English"
    assert [row[0] for row in rows(page_of(data), "Refusals by language")[2:]] == [
        "English", "Finnish", "Hindi", "Japanese", "Vietnamese",
    ]  # fmt: skip


def test_a_language_without_prompts_of_a_kind_has_no_rate_and_no_bar(data: dict[str, Any]) -> None:
    data["safety"]["after"]["by_language"]["fi"].update(refusal_rate=None, harmful_prompts=0)
    page = page_of(data)
    assert next(row for row in rows(page, "Refusals by language") if row[0] == "Finnish")[3] == "–"
    refusals, over_refusals = (
        page.partition(f'<desc id="{name}-desc">')[2].partition("</desc>")[0] for name in ("refusals", "over-refusals")
    )
    assert "Finnish" not in refusals
    assert "Finnish" in over_refusals


def test_unreadable_answers_are_counted_apart_from_refusals(data: dict[str, Any]) -> None:
    assert rows(page_of(data), "What the answers were")[-2:] == [
        ["safety", "harmful", "200", "95 %", "3 %", "1 %", "1 %"],
        ["safety", "harmless", "200", "3.5 %", "94.5 %", "1 %", "1 %"],
    ]


def test_examples_show_harmful_prompts_first_and_say_what_the_answers_are(data: dict[str, Any]) -> None:
    data["safety"]["examples"][1]["after"] = "y" * (MAX_ANSWER_LETTERS + 1)
    page = page_of(data)
    titles = re.findall(r'<article class="sample"><h3>([^<]*)', page)
    assert titles[:2] == ["Harmful, English: chemical weapons", "Harmful, Finnish: chemical weapons"]
    assert titles[5:] == [f"Benign, {name}" for name in ("English", "Finnish", "Hindi", "Japanese", "Vietnamese")]
    assert "<dt>before: answered</dt>" in page
    assert "<dt>after: refused</dt>" in page
    assert "y" * MAX_ANSWER_LETTERS in page
    assert "y" * (MAX_ANSWER_LETTERS + 1) not in page


def test_what_was_not_trained_on_is_told_from_what_was(data: dict[str, Any]) -> None:
    assert "measured in all" not in page_of(data)
    data["safety"]["trained_in"] = ["en"]
    found = rows(page_of(data), "Tuned in English, measured in all")
    assert [row[:2] for row in found[-5:]] == [
        ["English", "trained on"],
        *([name, "measured only"] for name in ("Finnish", "Hindi", "Japanese", "Vietnamese")),
    ]
    assert {row[-1] for row in found[-5:]} <= {"yes", "no"}


def test_the_policy_is_named_with_its_standing(data: dict[str, Any]) -> None:
    title = data["safety"]["policy"]["title"]
    assert f"<strong>Policy: </strong>{title} — revoked on 20 January 2025" in page_of(data)
    del data["safety"]["policy"]["status"]
    assert f"<strong>Policy: </strong>{title}</p>" in plain(page_of(data))


def test_refusals_are_cut_by_hazard_where_the_policy_says_which_it_meets(data: dict[str, Any]) -> None:
    assert "hazard of AILuminate" not in page_of(data)
    finnish = {when: data["safety"][when]["by_language"]["fi"] for when in ("before", "after")}
    data["safety"]["hazards"] = {"iwp": finnish}
    headings, row = rows(page_of(data), "Refusals by hazard of AILuminate")
    assert headings[0] == "hazard"
    by_language = next(row for row in rows(page_of(data), "Refusals by language") if row[0] == "Finnish")
    assert row == ["Indiscriminate weapons", *by_language[1:]]


def test_drafted_answers_are_counted_with_what_was_left_out(data: dict[str, Any]) -> None:
    assert "Drafts:" not in page_of(data)
    data["safety"]["drafts"] = {"prompts": 1208, "kept": 1190, "dropped": {"incapable": 12, "unfinished": 6}}
    said = "1,190 of 1,208 harmless prompts were answered by the imported model itself, for training (12 not readable, "
    assert f"{said}6 unfinished left out)." in page_of(data)


def test_every_figure_of_a_judge_stands_with_what_it_is_worth(data: dict[str, Any]) -> None:
    said = (
        "Judge: rules 9, kappa .83 on labels, 2,250 answers; not measured in Finnish, Hindi, Japanese and Vietnamese."
    )
    assert said in plain(page_of(data))
    data["safety"]["drafts"] = {"prompts": 2, "kept": 2, "judge": {"name": "learned mine"}}
    assert "Judge: learned mine, agreement with people not measured." in plain(page_of(data))
    data["safety"]["after"]["judge"] = None  # a report of an earlier version
    assert "rules 9" not in page_of(data)


@pytest.mark.parametrize(
    ("reached", "said"),
    [(4, "so it was after 4 steps, and it ended after"), (None, "it did not within its 2")],
)
def test_an_early_end_is_told_with_what_led_to_it(data: dict[str, Any], reached: int | None, said: str) -> None:
    assert "Early end:" not in page_of(data)
    seen = [{"step": 2, "refused": 0.5, "harmless_refused": 0.0}, {"step": 4, "refused": 0.95, "harmless_refused": 0.1}]
    goal = {"refused": 0.9, "harmless_refused": 0.1, "planned_tokens": 2_000_000}
    data["stages"][-1]["early_end"] = goal | {"reached": reached, "measured": seen}
    page = plain(page_of(data))
    assert said in page
    assert "95 %" in page or "95" in page

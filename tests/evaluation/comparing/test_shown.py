"""Lines for a terminal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aurora.evaluation.comparing.compared import answers_of, compared
from aurora.evaluation.comparing.shown import lines, outcome_lines
from aurora.redteam.judging.worth import Worth


def shown(*results: dict[str, Any]) -> list[str]:
    return lines(compared([answers_of(one["name"], one) for one in results]))


def test_a_line_for_each_model_with_its_interval_and_the_verdict(results: Callable[..., dict[str, Any]]) -> None:
    bad, good = [0.0] * 40, [1.0] * 40
    first = results("before", one=bad, two=bad, three=bad)
    header, before, after = shown(first, results("after", one=good, two=good, three=good))
    assert header.split()[:4] == ["task", "form", "model", "items"]
    cells = ["things", "cloze", "before", "40", "0.500", "0.000", "0.000", "to", "0.093", "0.000", "to", "0.000"]
    assert before.split() == cells
    assert after.split()[-4:] == ["+1.000", "<", "0.001", "gained"]


def test_what_is_not_comparable_or_was_not_run_says_so(results: Callable[..., dict[str, Any]]) -> None:
    assert shown(results("a"), results("b", prompt="q"))[2].endswith("not comparable")
    assert "not run" in shown(results(one=[None]))[1]


def test_a_wording_that_stands_out_is_told(results: Callable[..., dict[str, Any]]) -> None:
    told = shown(results("m", one=[1.0] * 50, two=[0.0] * 50, three=[0.0] * 50))[-1]
    assert told.startswith("things in cloze-one: m scores 1.00 more than in the next best wording")


def test_refusals_stand_beside_answers_that_nobody_can_use(results: Callable[..., dict[str, Any]]) -> None:
    found = results(kind="safety")
    metrics = {"refused": 0.25, "answered": 0.5, "other_language": 0.25, "incapable": 0.0}
    found["tasks"]["things"]["forms"]["cloze"]["wordings"]["cloze-one"]["metrics"] = metrics
    worth = Worth("rules 9", 0.834, (0.8, 0.86), "labels", 90, ["en"])
    found["tasks"]["things"]["judge"] = worth.table()
    header, row, judge = outcome_lines("m", found)
    assert judge == "Judge of refusals: rules 9, kappa .83 on labels, 90 answers."
    assert header.split()[-5:] == ["refused", "answered", "other", "language", "incapable"]
    assert row.split() == ["things", "cloze", "m", "2", "0.250", "0.500", "0.250", "0.000"]
    assert outcome_lines("m", results()) == []

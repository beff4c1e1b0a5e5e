"""Scores of tasks on the page: before and after, what changed, and what they do not show."""

from __future__ import annotations

from typing import Any

import pytest

from aurora.reporting.report import render
from reporting.reading import Checked, plain, rows

NARROW = "\N{NARROW NO-BREAK SPACE}"


@pytest.fixture
def scored(data: dict[str, Any]) -> dict[str, Any]:
    """The made-up report with two tasks, of which one was gained."""

    def score(task: str, checkpoint: str, value: float, change: dict[str, Any] | None) -> dict[str, Any]:
        return {
            "task": task, "form": "cloze", "language": "fi", "checkpoint": checkpoint, "chance": 0.25, "items": 100,
            "score": value, "interval": [value - 0.1, value + 0.1], "wordings": {"cloze-1": value}, "change": change,
        }  # fmt: skip

    gained = {"difference": 0.2, "low": 0.1, "high": 0.3, "holm": 0.001, "verdict": "gained"}
    data["tasks"] = [
        score("riddles", "base", 0.3, None),
        score("riddles", "cat", 0.4, gained),
        score("riddles", "safety", 0.5, gained),
        score("sayings", "base", 0.2, None),
        score("sayings", "safety", 0.2, {"verdict": "not comparable"}),
    ]
    return data


def test_the_table_has_the_model_that_is_shipped_beside_the_first(scored: dict[str, Any]) -> None:
    page = render(scored)
    Checked(page)
    headings, *found = rows(page, "Tasks: safety beside")
    assert headings == ["task", "language", "chance", "before", "after", "change", "verdict"]
    assert found[0] == [
        "riddles, cloze", "Finnish", "25 %", "30 % [20 %, 40 %]", "50 % [40 %, 60 %]", "+20 % [+10 %, +30 %]", "gained",
    ]  # fmt: skip
    assert found[1][-2:] == ["–", "not comparable"]


def test_the_chart_holds_what_is_comparable_and_more_is_better(scored: dict[str, Any]) -> None:
    page = render(scored)
    chart = page[page.index('id="gets-tasks') :].partition("</svg>")[0] if 'id="gets-tasks' in page else page
    assert "riddles, cloze" in chart
    assert "change-mark-better" in chart
    assert "percentage points" in plain(page)


def test_scores_at_chance_and_wordings_that_stand_out_are_told(scored: dict[str, Any]) -> None:
    said = "None of these scores is surely above chance"
    assert said not in render(scored)
    for row in scored["tasks"]:
        row["interval"] = [0.1, 0.4]
    assert said in render(scored)
    scored["tasks"][2]["stands_out"] = "cloze-1"
    assert "riddles, cloze in the wording cloze-1: safety scores far more" in plain(render(scored))


def test_a_run_without_tasks_says_nothing_of_them(data: dict[str, Any]) -> None:
    assert "Tasks:" not in render(data)


def test_training_on_kin_of_a_task_is_told(scored: dict[str, Any]) -> None:
    said = "riddles: safety learnt from puzzles, made from the training set of this task."
    assert said not in plain(render(scored))
    scored["tasks"][2]["kin"] = ["puzzles"]
    assert said in plain(render(scored))
    assert "sayings: safety learnt" not in plain(render(scored))

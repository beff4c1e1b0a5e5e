"""Programs go to the sandbox with their items; what was not run has no score."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest

from aurora.evaluation.tasks import programs
from aurora.evaluation.tasks.programs import judged, passed


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """In place of the sandbox: a program passes if it says so."""
    seen: list[Any] = []

    def judge(problems: Any, unsafe: bool = False) -> list[SimpleNamespace]:
        seen.append((problems, unsafe))
        return [SimpleNamespace(passed={"yes": True, "no": False}.get(said)) for _, said in problems]

    monkeypatch.setattr(programs, "judge", judge)
    monkeypatch.setattr(programs, "problem_of", lambda row: row["id"])
    return seen


def test_each_answer_is_judged_with_its_item(sandbox: list[Any]) -> None:
    assert judged([({"id": 1}, "yes"), ({"id": 2}, "no"), ({"id": 3}, "?")]) == [1.0, 0.0, None]
    assert sandbox == [([(1, "yes"), (2, "no"), (3, "?")], False)]


def test_one_by_one_for_lm_evals_own_loop(sandbox: list[Any]) -> None:
    assert passed({"id": 1}, ["yes"]) == {"pass": 1.0}
    assert math.isnan(passed({"id": 1}, ["?"])["pass"])
    assert len(sandbox) == 2

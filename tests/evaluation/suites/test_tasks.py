"""Accuracies and their comparison."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from aurora.evaluation.suites import tasks
from aurora.evaluation.suites.items import Item
from aurora.evaluation.suites.shown import lines
from aurora.evaluation.suites.tasks import Answered, answer_task, results

NETWORK: Any = SimpleNamespace(architecture=SimpleNamespace(positions=9))
TEXT: Any = None


def answered(*right: bool) -> list[Answered]:
    return [Answered(str(number), (-1.0, -2.0), 0, value) for number, value in enumerate(right)]


def test_different_texts_are_compared_by_the_byte_and_one_text_by_its_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    sums = {" a long one": -6.0, " ab": -3.0, " won": -4.0}
    monkeypatch.setattr(tasks, "row_of", lambda text, context, continuation, longest: (context, continuation))
    monkeypatch.setattr(
        tasks,
        "log_likelihoods",
        lambda network, rows: [sums[continuation] - (context == "She") for context, continuation in rows],
    )
    items = [
        Item("1", (("It is", " a long one"), ("It is", " ab")), 0),  # -6 / 11 is more than -3 / 3
        Item("2", (("He", " won"), ("She", " won")), 1),
    ]
    first, second = answer_task(NETWORK, TEXT, items, "own")
    assert (first.chosen, first.right) == (0, True)
    assert (second.chosen, second.right) == (0, False)
    assert second.log_likelihoods == (-4.0, -5.0)


def test_checkpoints_are_compared_in_pairs_and_corrected_for_their_number() -> None:
    base, worse = [True] * 30, [True] * 10 + [False] * 20
    answers = {task: {"base": answered(*base), "cap": answered(*worse)} for task in ("a", "b")}
    found = results(answers, {"a": 0.5, "b": 0.25}, {"a": Path("a.jsonl"), "b": Path("b.jsonl")})
    assert found["a"]["accuracy"]["cap"]["mean"] == pytest.approx(1 / 3)
    assert found["a"]["compared"]["cap"]["difference"] == pytest.approx(-2 / 3)
    assert found["a"]["compared"]["cap"]["verdict"] == "forgot"
    assert found["a"]["compared"]["cap"]["holm"] == pytest.approx(2 * found["a"]["compared"]["cap"]["p_value"])
    assert 0 < found["a"]["compared"]["cap"]["smallest_change"] < 0.5
    spaced = results({"a b": answers["a"], "a": {"base": answered(*base), "b cap": answered(*base)}}, *[
        {"a b": 0.5, "a": 0.5}, {"a b": Path("a b.jsonl"), "a": Path("a.jsonl")}
    ])  # fmt: skip
    assert spaced["a b"]["compared"]["cap"]["verdict"] == "forgot"
    assert spaced["a"]["compared"]["b cap"]["verdict"] == "cannot tell"
    same = results({"a": {"base": answered(*base), "cap": answered(*base)}}, {"a": 0.5}, {"a": Path("a.jsonl")})
    assert same["a"]["compared"]["cap"]["verdict"] == "cannot tell"
    shown = lines(found)
    assert len(shown) == 5
    assert shown[2].endswith("forgot")

"""A wording that was learnt by heart stands out; one that suits a model a little better does not."""

from __future__ import annotations

import numpy as np

from aurora.evaluation.statistics.wordings import FEWEST, standout


def drawn(rates: dict[str, float], items: int, seed: int) -> dict[str, list[float]]:
    """Right and wrong answers to the same items, some of which are hard in any wording."""
    chance = np.random.default_rng(seed)
    ease = chance.uniform(-0.15, 0.15, items)
    return {name: list((chance.random(items) < rate + ease).astype(float)) for name, rate in rates.items()}


def test_a_wording_that_was_learnt_stands_out() -> None:
    found = standout(drawn({"a": 0.3, "b": 0.9, "c": 0.35}, 120, 1))
    assert found is not None
    assert (found.wording, found.next_best) == ("b", "c")
    assert found.low > 0.15
    assert found.low < found.above < found.high


def test_wordings_that_differ_by_a_few_points_do_not() -> None:
    alarms = [standout(drawn({"a": 0.3, "b": 0.4, "c": 0.33}, 200, seed)) for seed in range(60)]
    assert alarms == [None] * 60


def test_few_items_or_wordings_show_nothing() -> None:
    assert standout(drawn({"a": 0.2, "b": 0.9, "c": 0.3}, 8, 1)) is None
    assert standout(drawn({"a": 0.2, "b": 0.9}, 200, 1)) is None
    assert FEWEST == 3


def test_items_of_one_document_are_one_piece_of_evidence() -> None:
    scores = {"a": [0.0] * 60, "b": [1.0] * 60, "c": [0.0] * 59 + [1.0]}
    assert standout(scores) is not None
    assert standout(scores, clusters=[number // 30 for number in range(60)]) is None

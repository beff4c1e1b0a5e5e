"""Intervals of a change of bits per byte."""

from __future__ import annotations

import numpy as np
import pytest

from aurora.evaluation.statistics.changes import interval_of_change


def test_the_same_change_everywhere_is_sure() -> None:
    interval = interval_of_change([100.0, 250.0, 80.0], [90.0, 225.0, 72.0])
    assert interval == pytest.approx((-0.1, -0.1))


def test_documents_that_disagree_widen_it() -> None:
    before = [100.0] * 20
    low, high = interval_of_change(before, [90.0 + (number % 2) * 4 for number in range(20)]) or (0.0, 0.0)
    assert (low + high) / 2 == pytest.approx(-0.08)
    # Each document is 2 % off the mean: an error of 0.02 / sqrt(20) times sqrt(20 / 19). Student's t of 19 is 2.093.
    assert high - low == pytest.approx(2 * 2.093 * 0.02 / np.sqrt(19), rel=1e-3)


def test_it_holds_the_true_change_as_often_as_it_says() -> None:
    chance = np.random.default_rng(3)
    true, found, tries = -0.2, 0, 1000
    for _ in range(tries):
        before = chance.gamma(2.0, 200.0, 40)
        after = before * (1 + true) * chance.normal(1.0, 0.1, 40)
        low, high = interval_of_change(before.tolist(), after.tolist()) or (0.0, 0.0)
        found += low <= true <= high
    assert 0.92 <= found / tries <= 0.97


def test_too_little_has_none() -> None:
    assert interval_of_change([1.0, 2.0], [1.0, 2.0]) is None
    assert interval_of_change([0.0] * 5, [0.0] * 5) is None
    with pytest.raises(ValueError, match="3 documents cannot be compared with 2"):
        interval_of_change([1.0, 2.0, 3.0], [1.0, 2.0])

"""Kappa by hand, where it is not defined, and an interval that counts prompts."""

from __future__ import annotations

import numpy as np
import pytest

from aurora.redteam.judging.agreement import agreement, kappas


def test_kappa_is_that_of_the_textbook() -> None:
    """Cohen's own form: 50 proposals, 20 granted and 15 refused by both readers, 5 and 10 by one alone."""
    assert kappas(np.array([[15.0, 10.0, 5.0, 20.0]]))[0] == pytest.approx(0.4)
    first = [True] * 25 + [False] * 25
    second = [True] * 20 + [False] * 5 + [True] * 10 + [False] * 15
    found = agreement(first, second, range(50))
    assert found.kappa == pytest.approx(0.4)
    assert (found.agreed, found.answers, found.clusters) == (0.7, 50, 50)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0.4 < found.high


@pytest.mark.parametrize("same", [True, False])
def test_where_both_say_the_same_of_all_nothing_is_defined(same: bool) -> None:
    found = agreement([same] * 9, [same] * 9, range(9))
    assert (found.kappa, found.low, found.high, found.agreed) == (None, None, None, 1.0)


def test_a_judge_that_calls_everything_a_refusal_is_worth_nothing() -> None:
    assert agreement([True, False] * 20, [True] * 40, range(40)).kappa == 0.0


def test_opposite_judgements_are_below_zero() -> None:
    assert agreement([True, False] * 20, [False, True] * 20, range(40)).kappa == -1.0


def test_answers_to_one_prompt_are_one_piece_of_evidence() -> None:
    first = [True, False, True, True, False, False, True, False] * 5
    second = [True, False, False, True, False, True, True, False] * 5
    alone = agreement(first * 5, second * 5, range(200))
    together = agreement(first * 5, second * 5, [number % 40 for number in range(200)])
    assert alone.kappa == together.kappa
    assert alone.low is not None
    assert together.low is not None
    assert together.low < alone.low - 0.1
    one = agreement(first, second, [0] * 40)
    assert (one.low, one.high) == (None, None)


def test_the_interval_is_the_same_each_time() -> None:
    first, second = [True, False, True] * 9, [True, False, False] * 9
    assert agreement(first, second, range(27)) == agreement(first, second, range(27))


def test_lists_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="a cluster of each answer"):
        agreement([True], [True, False], [0])
    with pytest.raises(ValueError, match="one answer or more"):
        agreement([], [], [])

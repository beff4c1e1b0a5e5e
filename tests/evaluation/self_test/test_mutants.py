"""A mutant is at work for as long as it is asked to be."""

from __future__ import annotations

import pytest

from aurora.evaluation.scorer import answering
from aurora.evaluation.self_test.mutants import MUTANTS, Mutant


def test_bugs_are_many_and_each_has_a_name() -> None:
    assert len({mutant.bug for mutant in MUTANTS}) == len(MUTANTS) >= 20


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.bug.replace(" ", "-") for mutant in MUTANTS])
def test_a_bug_is_gone_afterwards_whatever_happens(mutant: Mutant) -> None:
    before = getattr(mutant.owner, mutant.name)
    with pytest.raises(KeyError), mutant.at_work():
        assert getattr(mutant.owner, mutant.name) is not before
        raise KeyError
    assert getattr(mutant.owner, mutant.name) is before


def test_a_mutant_is_the_function_but_for_its_bug() -> None:
    expected = answering.shares(range(7), [1] * 7, 2)
    (lost,) = (mutant for mutant in MUTANTS if mutant.bug == "the last item of the last rank is lost")
    with lost.at_work():
        assert answering.shares(range(7), [1] * 7, 2) == [expected[0], expected[1][:-1]]

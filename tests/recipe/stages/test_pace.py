from __future__ import annotations

from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from aurora.recipe.stages.pace import Pace

levels = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 7)), max_size=4)


@given(levels, st.integers(1, 9))
def test_steps_and_sequences_follow_from_each_other(rising: list[tuple[int, int]], last: int) -> None:
    pace = Pace(rising, last)
    of_steps = [size for steps, size in rising for _ in range(steps)] + [last] * 20
    before = [0, *accumulate(of_steps)]
    assert [pace.sequences(step) for step in range(len(of_steps))] == of_steps
    assert [pace.before(step) for step in range(len(before))] == before
    readers = [step for step, size in enumerate(of_steps) for _ in range(size)]
    assert [pace.step_of(sequence) for sequence in range(len(readers))] == readers
    for wanted in range(len(readers)):
        assert pace.steps(wanted) == next(step for step, read in enumerate(before) if read >= wanted)

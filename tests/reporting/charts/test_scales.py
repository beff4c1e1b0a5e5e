from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.reporting.charts.scales import Scale, tick_label, ticks

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False)


@given(NUMBERS, NUMBERS)
def test_ticks_cover_their_range_in_a_few_even_steps(one: float, other: float) -> None:
    low, high = sorted((one, other))
    marks = ticks(low, high)
    slack = 1e-6 * max(1.0, abs(low), abs(high))
    assert marks[0] <= low + slack
    assert marks[-1] >= high - slack
    assert 2 <= len(marks) <= 8
    steps = [after - before for before, after in pairwise(marks)]
    assert steps == pytest.approx([steps[0]] * len(steps))


@given(NUMBERS, NUMBERS, NUMBERS)
def test_a_scale_keeps_every_value_on_the_chart(one: float, other: float, value: float) -> None:
    scale = Scale(*sorted((one, other)), 10, 90)
    assert 10 <= scale(value) <= 90
    assert scale(scale.low) == 10


@pytest.mark.parametrize(
    ("value", "step", "label"), [(2.0, 1.0, "2"), (2.0, 0.5, "2.0"), (0.25, 0.25, "0.25"), (2.5, 2.5, "2.5")]
)
def test_a_tick_has_the_digits_of_its_step(value: float, step: float, label: str) -> None:
    assert tick_label(value, step) == label

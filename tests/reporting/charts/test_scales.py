from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.reporting.charts.scales import Scale, nice_step, tick_label, ticks

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False)
VALUES = st.integers(-(10**8), 10**8).map(lambda thousandths: thousandths / 1000)


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


@given(VALUES, VALUES)
def test_steps_are_round_and_their_labels_differ(one: float, other: float) -> None:
    low, high = min(one, other), max(one, other)
    found = ticks(low, high)
    step = nice_step(high - low, 4)
    assert found[0] <= low + step * 1e-6
    assert found[-1] >= high - step * 1e-6
    assert 2 <= len(found) <= 8
    mantissa = step / 10 ** math.floor(math.log10(step) + 1e-9)
    assert any(math.isclose(mantissa, nice) for nice in (1, 2, 2.5, 5, 10))
    labels = [tick_label(value, step) for value in found]
    assert len(set(labels)) == len(labels)


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

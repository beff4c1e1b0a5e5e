from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.recipe.stages.schedule import Schedule
from aurora.training.schedule import learning_rate
from recipe.stages.test_schedule import BATCH, course

shapes = st.sampled_from([("cosine", None), ("constant", None), ("warmup-stable-decay", 0.3)])
schedules = st.builds(
    lambda shape, **rest: Schedule(shape=shape[0], decay=shape[1], **rest),
    shape=shapes,
    peak=st.floats(1e-5, 1e-2),
    end=st.floats(0, 1e-5),
    start=st.floats(0, 1e-5),
    warmup=st.floats(0, 0.5),
)


def rates(schedule: Schedule, steps: int) -> list[float]:
    return [learning_rate(course(schedule, steps), step) for step in range(steps)]


def test_warm_up_rises_evenly_from_start_to_peak_then_half_a_cosine_falls_to_end() -> None:
    found = rates(Schedule(peak=1.0, start=0.2, end=0.1, warmup=0.4), 10)
    assert found[:4] == pytest.approx([0.4, 0.6, 0.8, 1.0])
    assert found[4:] == pytest.approx([0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * part / 6)) for part in range(1, 7)])


def test_without_warm_up_the_first_step_has_the_peak_and_the_last_the_end() -> None:
    found = rates(Schedule(peak=1.0, end=0.25, warmup=0), 5)
    assert found[0] == 1.0
    assert found[2] == pytest.approx(0.625)
    assert found[-1] == pytest.approx(0.25)


def test_constant_stays_at_the_peak_after_the_warm_up() -> None:
    assert rates(Schedule(shape="constant", peak=2.0, warmup=0.5), 4) == [1.0, 2.0, 2.0, 2.0]


def test_warm_up_stable_decay_falls_at_last_by_the_square_root() -> None:
    found = rates(Schedule(shape="warmup-stable-decay", peak=1.0, end=0.2, warmup=0.2, decay=0.4), 10)
    assert found[:2] == pytest.approx([0.5, 1.0])
    assert found[2:6] == [1.0] * 4
    assert found[6:] == pytest.approx([0.2 + 0.8 * (1 - math.sqrt(part / 4)) for part in range(1, 5)])


@given(st.integers(20, 200), st.integers(1, 100), st.sampled_from([0.2, 4 * BATCH]))
def test_a_longer_stable_stage_has_the_same_rates_until_its_decay(steps: int, more: int, decay: float) -> None:
    """So a stage can be given more tokens while it is stable."""
    schedule = Schedule(shape="warmup-stable-decay", peak=1.0, warmup=4 * BATCH, decay=decay)
    short, long = course(schedule, steps), course(schedule, steps + more)
    stable = steps - (round(0.2 * steps) if decay < 1 else 4)
    assert rates(schedule, steps)[:stable] == rates(schedule, steps + more)[:stable]
    assert short.until(stable) == long.until(stable)
    assert short.until(stable + 1) != long.until(stable + 1)


@given(schedules, st.integers(1, 60), st.integers(1, 60), st.data())
def test_equal_reasons_give_equal_rates(schedule: Schedule, steps: int, other: int, data: st.DataObject) -> None:
    """Where two stages of one length or another say that their first steps follow from the same, they do."""
    made = data.draw(st.integers(1, min(steps, other)))
    left, right = course(schedule, steps), course(schedule, other)
    if left.until(made) == right.until(made) and (steps == other or not left.falls_within(made)):
        assert rates(schedule, steps)[:made] == rates(schedule, other)[:made]


@given(schedules, st.integers(1, 300))
def test_rates_stay_between_their_limits_and_turn_only_at_the_peak(schedule: Schedule, steps: int) -> None:
    found = rates(schedule, steps)
    assert all(min(schedule.start, schedule.end) <= rate <= schedule.peak * (1 + 1e-12) for rate in found)
    top = found.index(max(found))
    assert found[: top + 1] == sorted(found[: top + 1])
    assert found[top:] == sorted(found[top:], reverse=True)


@given(schedules, st.integers(3, 300))
def test_what_falls_ends_at_its_end(schedule: Schedule, steps: int) -> None:
    expected = schedule.peak if schedule.shape == "constant" else schedule.end
    assert learning_rate(course(schedule, steps), steps - 1) == pytest.approx(expected)


def test_a_step_outside_the_stage_is_refused() -> None:
    with pytest.raises(ValueError, match="step 4 is not in a stage of 4 steps"):
        learning_rate(course(Schedule(peak=1.0), 4), 4)

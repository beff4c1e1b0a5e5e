"""A schedule as the recipe states it: its parts in steps, and until when the rates stay valid."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from aurora.recipe.stages.schedule import Course, Schedule
from aurora.recipe.stages.stage import Stage

BATCH = 10  # tokens of a step


def course(schedule: Schedule, steps: int) -> Course:
    """The schedule over a stage of so many steps."""
    made = Stage(
        start="model",
        tokens=steps * BATCH,
        batch_tokens=BATCH,
        sequence_length=BATCH // 2,
        mixture={"web/en": 1},
        schedule=schedule,
    )
    return made.course


def test_warm_up_and_decay_in_tokens_are_as_few_steps_as_hold_them() -> None:
    schedule = Schedule(shape="warmup-stable-decay", peak=1.0, warmup=3 * BATCH + 1, decay=2 * BATCH)
    found = course(schedule, 20)
    assert (found.warmup, found.decay) == (4, 2)
    assert course(schedule.model_copy(update={"decay": 2 * BATCH - 1}), 20).decay == 2
    assert course(schedule.model_copy(update={"decay": 2 * BATCH + 1}), 20).decay == 3


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        ({"warmup": 5}, "schedule.warmup: 5 tokens are less than a step of 10"),
        ({"warmup": 210}, "warmup and decay are more than the whole stage"),
        ({"warmup": 20.5}, "warmup: 20.5 is neither a share"),
        ({"shape": "warmup-stable-decay", "warmup": 150, "decay": 60}, "more than the whole stage"),
        ({"shape": "warmup-stable-decay", "warmup": 0.5, "decay": 0.6}, "more than the whole stage"),
        ({"shape": "warmup-stable-decay", "decay": 1}, "schedule.decay: 1 tokens are less than a step"),
        ({"shape": "warmup-stable-decay"}, "give `decay` with the shape warmup-stable-decay, and with no other"),
        ({"decay": 0.5}, "give `decay` with the shape warmup-stable-decay, and with no other"),
        ({"peak": 0}, "greater than 0"),
    ],
)
def test_parts_that_cannot_be_are_refused(parts: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        course(Schedule.model_validate({"peak": 1.0} | parts), 20)


@pytest.mark.parametrize(
    ("schedule", "top"),
    [
        (Schedule(peak=1.0, warmup=0), 0),
        (Schedule(peak=1.0, warmup=4 * BATCH), 3),
        (Schedule(shape="constant", peak=1.0), 19),
        (Schedule(shape="warmup-stable-decay", peak=1.0, warmup=0, decay=5 * BATCH), 14),
        (Schedule(shape="warmup-stable-decay", peak=1.0, warmup=16 * BATCH, decay=4 * BATCH), 15),
    ],
)
def test_rates_fall_behind_the_last_step_at_the_peak(schedule: Schedule, top: int) -> None:
    found = course(schedule, 20)
    assert found.top == top
    assert not found.falls_within(top + 1)
    assert found.falls_within(top + 2)


def test_rates_follow_from_what_falls_only_once_it_falls() -> None:
    stable = Schedule(shape="warmup-stable-decay", peak=1.0, warmup=2 * BATCH, decay=5 * BATCH)
    found = course(stable, 20)
    reasons = {"peak": 1.0, "start": 0.0, "warmup": "2 steps"}
    assert found.until(15) == reasons
    assert found.until(16) == reasons | {"shape": "warmup-stable-decay", "end": 0.0, "decay": "5 steps"}
    assert course(Schedule(shape="constant", peak=1.0, warmup=2 * BATCH), 20).until(20) == reasons


def test_a_warm_up_that_is_a_share_follows_from_the_length_and_one_in_tokens_does_not() -> None:
    share, tokens = Schedule(peak=1.0, warmup=0.2), Schedule(peak=1.0, warmup=4 * BATCH)
    assert course(share, 20).until(1) == course(tokens, 20).until(1)
    assert course(share, 40).until(1) != course(tokens, 40).until(1) == course(tokens, 20).until(1)

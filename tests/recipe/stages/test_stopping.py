from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from aurora.recipe.stages.stage import Stage
from aurora.recipe.stages.stopping import StopWhen

STOP = {"refused": 0.9, "harmless_refused": 0.1, "every_steps": 2}
STABLE = {"shape": "warmup-stable-decay", "peak": 1, "warmup": 0.2, "decay": 0.3}


def stage(**settings: Any) -> Stage:
    values = {"start": "model", "tokens": 640, "batch_tokens": 64, "sequence_length": 16, "mixture": {"a/en": 1}}
    return Stage(**({**values, "schedule": {"peak": 1, "warmup": 0.2}, "stop_when": STOP} | settings))


@pytest.mark.parametrize(
    ("schedule", "asked", "end"),
    [
        ({"peak": 1, "warmup": 0.2}, [2, 4, 6, 8], 10),  # not after the last step, where the stage ends anyway
        ({"peak": 1, "warmup": 0.5}, [6, 8], 10),
        ({"shape": "constant", "peak": 1}, [2, 4, 6, 8], 10),
        (STABLE, [2, 4, 6], 4 + 3),
        (STABLE | {"decay": 192}, [2, 4, 6], 4 + 3),
    ],
)
def test_prompts_are_asked_between_the_warm_up_and_the_decay(
    schedule: dict[str, Any], asked: list[int], end: int
) -> None:
    course = stage(schedule=schedule).course
    assert course.watched(2) == asked
    assert course.ending(4).steps == end


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"stop_when": STOP | {"every_steps": 10}}, "stop_when.every_steps: no such step lies between"),
        ({"control": {"name": "other", "mixture": {"a/en": 1}}}, "stop_when: the control would be trained on more"),
        (
            {"mixture": {"a/en": 1, "a/fi": 4}, "retention": {"every_steps": 2, "budget": {"a/en": 0.1}}},
            "stop_when: `retention` chooses shares by the stage's length",
        ),
        ({"stop_when": STOP | {"refused": 0}}, "greater than 0"),
        ({"stop_when": STOP | {"harmless_refused": 1}}, "less than 1"),
        ({"stop_when": {"refused": 0.9}}, "harmless_refused"),
    ],
)
def test_a_goal_that_cannot_be_is_refused(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        stage(**settings)


def test_a_stage_with_a_goal_decides() -> None:
    assert stage().decides
    assert not stage(stop_when=None).decides
    assert StopWhen(refused=1, harmless_refused=0, every_steps=1).prompts == 40


def test_no_checkpoint_is_kept_before_a_decay_that_the_goal_begins() -> None:
    assert stage(schedule=STABLE).branch_step is None
    assert stage(schedule=STABLE, stop_when=None).branch_step == 7

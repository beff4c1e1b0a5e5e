"""When a stage is asked tasks, and that this is no part of what decides its numbers."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from aurora.recipe.stages.asking import Ask
from aurora.recipe.stages.stage import Stage

STAGE = {
    "start": "model", "tokens": 640, "batch_tokens": 64, "sequence_length": 16, "mixture": {"a/en": 1},
    "schedule": {"peak": 1},
}  # fmt: skip


def stage(ask: dict[str, Any] | None = None, **settings: Any) -> Stage:
    return Stage(**(STAGE | {"ask": ask} | settings))


@pytest.mark.parametrize(
    ("ask", "asked"),
    [
        ({"every_steps": 4}, [0, 4, 8]),
        ({"every_steps": 100}, [0]),
        ({"every_tokens": 128}, [0, 2, 4, 6, 8, 10]),
        ({"every_tokens": 150}, [0, 3, 5, 8, 10]),
        ({"every_tokens": 1}, list(range(11))),
    ],
)
def test_every_so_many_steps_or_tokens(ask: dict[str, int], asked: list[int]) -> None:
    asking = stage({"tasks": ["pronouns"], **ask})
    assert [step for step in range(11) if asking.asks(step)] == asked


def test_tokens_count_those_of_a_growing_batch() -> None:
    ramp = {"start": 16, "increment": 16, "tokens": 96}  # steps of 16 twice, 32 once, 48 once, then 64
    asking = stage({"tasks": ["pronouns"], "every_tokens": 64}, ramp=ramp)
    seen = [asking.tokens_before(step) for step in range(asking.steps + 1)]
    asked = [step for step in range(asking.steps + 1) if asking.asks(step)]
    assert asked == [0, *(n for n in range(1, len(seen)) if seen[n] // 64 > seen[n - 1] // 64)]
    assert len(asked) < len(seen)


def test_without_the_table_nothing_is_asked() -> None:
    assert not any(stage().asks(step) for step in range(11))


def test_it_decides_nothing() -> None:
    assert stage({"suites": ["quick"], "every_steps": 2}).numerics() == stage().numerics()


@pytest.mark.parametrize(
    ("ask", "problem"),
    [
        ({"tasks": ["pronouns"]}, "give one of `every_steps` and `every_tokens`"),
        ({"tasks": ["pronouns"], "every_steps": 1, "every_tokens": 1}, "give one of"),
        ({"every_steps": 1}, "names neither `suites` nor `tasks`"),
        ({"tasks": ["pronouns"], "every_steps": 0}, "greater than or equal to 1"),
        ({"tasks": ["pronouns"], "every_steps": 1, "items": 0}, "greater than or equal to 1"),
        ({"tasks": ["../pronouns"], "every_steps": 1}, "tasks.0"),
        ({"tasks": ["pronouns"], "every_steps": 1, "limit": 3}, "limit"),
    ],
)
def test_mistakes(ask: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        Ask(**ask)

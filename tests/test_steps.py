from __future__ import annotations

from typing import Any

import pytest

from aurora.recipe.schedule import Schedule
from aurora.recipe.stages import Guard, Optimizer, Stage
from aurora.steps import _stage_numerics


def stage_with(**settings: Any) -> Stage:
    return Stage(
        start="model",
        tokens=64,
        batch_tokens=64,
        sequence_length=16,
        mixture={"web/en": 1},
        schedule=Schedule(peak=1e-3),
        **settings,
    )


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        ({}, None),
        ({"action": "skip"}, None),
        ({"deviations": 6.0}, {"deviations": 6.0, "window": 128, "patience": 10}),
        (
            {"action": "rollback", "steps": 4},
            {"action": "rollback", "steps": 4, "deviations": None, "window": 128, "patience": 10},
        ),
    ],
)
def test_what_a_guard_does_not_say_is_not_in_the_fingerprint(
    settings: dict[str, Any], kept: dict[str, Any] | None
) -> None:
    """Stages trained before there was a rollback stay finished."""
    assert _stage_numerics(stage_with(guard=Guard(**settings))).get("guard") == kept


def test_a_learning_rate_of_new_rows_is_in_the_fingerprint_where_there_is_one() -> None:
    """Stages trained before there was one stay finished."""
    assert "new_rows" not in _stage_numerics(stage_with())["optimizer"]
    assert _stage_numerics(stage_with(optimizer=Optimizer(new_rows=2.0)))["optimizer"]["new_rows"] == 2.0

from __future__ import annotations

from typing import Any

import pytest

from aurora.recipe.stages import Guard, Schedule, Stage
from aurora.steps import _stage_numerics


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
    stage = Stage(
        start="model",
        tokens=64,
        batch_tokens=64,
        sequence_length=16,
        mixture={"web/en": 1},
        schedule=Schedule(peak=1e-3),
        guard=Guard(**settings),
    )
    assert _stage_numerics(stage).get("guard") == kept

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from aurora.recipe.stages.stage import Stage


def stage(**settings: Any) -> Stage:
    values: dict[str, Any] = {
        "start": "model",
        "tokens": 1000,
        "batch_tokens": 80,
        "sequence_length": 10,
        "mixture": {"web/en": 1, "web/fi": 3},
        "schedule": {"peak": 1e-3},
    }
    return Stage.model_validate(values | settings)


def test_a_stage_has_as_few_steps_as_hold_its_tokens() -> None:
    assert stage().steps == 13
    assert stage(tokens=960).steps == 12
    assert stage().tokens_before(13) == 1040


def test_a_ramp_gives_every_size_an_equal_part_of_its_tokens() -> None:
    ramped = stage(ramp={"start": 20, "increment": 20, "tokens": 300})  # 100 tokens each of 20, 40 and 60
    sizes = [ramped.pace.sequences(step) * 10 for step in range(ramped.steps)]
    assert sizes == [20] * 5 + [40] * 3 + [60] * 2 + [80] * 9
    assert ramped.tokens_before(ramped.steps) == sum(sizes)
    assert ramped.tokens_before(ramped.steps - 1) < ramped.tokens <= sum(sizes)


def test_a_change_begins_at_the_step_that_reads_its_first_token() -> None:
    change = {"from_tokens": 221, "mixture": {"web/fi": 1}}
    ramped = stage(ramp={"start": 20, "increment": 20, "tokens": 300}, changes=[change])
    assert ramped.first_step(ramped.changes[0]) == 9  # before it 5 x 20 + 3 x 40 + 60


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"batch_tokens": 85}, "batch_tokens: 85 is not a multiple of sequence_length 10"),
        ({"ramp": {"start": 25, "increment": 20, "tokens": 9}}, "ramp.start: 25 is not a multiple"),
        ({"ramp": {"start": 20, "increment": 25, "tokens": 9}}, "ramp.increment: 25 is not a multiple"),
        ({"ramp": {"start": 20, "increment": 40, "tokens": 9}}, "grow by 40 never become batch_tokens 80"),
        ({"ramp": {"start": 80, "increment": 20, "tokens": 9}}, "of 80 tokens that grow by 20 never become"),
    ],
)
def test_sizes_that_cannot_be_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        stage(**settings)

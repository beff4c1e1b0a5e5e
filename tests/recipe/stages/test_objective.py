from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from aurora.recipe.stages.objective import Dpo
from aurora.recipe.stages.stage import Stage

STAGE: dict[str, Any] = {
    "start": "cat",
    "tokens": 256,
    "batch_tokens": 64,
    "sequence_length": 16,
    "mixture": {"redteam/preferences": 1},
    "schedule": {"peak": 1e-3},
    "document_masks": True,
    "position_resets": True,
}


def stage(**keys: Any) -> Stage:
    return Stage.model_validate(STAGE | keys)


def test_likelihood_is_learnt_where_nothing_is_said() -> None:
    assert stage().prefers is None
    assert stage(objective="likelihood") == stage()


def test_dpo_has_settings_or_their_defaults() -> None:
    assert stage(objective="dpo").prefers == Dpo(beta=0.1, chosen=0.0)
    assert stage(objective="dpo").numerics() == stage(objective={"dpo": {}}).numerics()
    assert stage(objective={"dpo": {"beta": 0.5, "chosen": 1}}).prefers == Dpo(beta=0.5, chosen=1.0)


@pytest.mark.parametrize(
    "objective", ["ppo", {"dpo": {"beta": 0}}, {"dpo": {"beta": 1, "smoothing": 0.1}}, {}, {"dpo": {"chosen": -1}}]
)
def test_other_objectives_are_refused(objective: Any) -> None:
    with pytest.raises(ValidationError, match="objective"):
        stage(objective=objective)


@pytest.mark.parametrize("key", ["document_masks", "position_resets"])
def test_the_answers_of_a_pair_must_not_see_each_other(key: str) -> None:
    with pytest.raises(ValidationError, match="objective: dpo needs document_masks and position_resets"):
        stage(objective="dpo", **{key: False})

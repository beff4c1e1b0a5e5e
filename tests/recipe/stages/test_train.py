"""What a stage says about the weights it moves."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from aurora.recipe.stages.schedule import Schedule
from aurora.recipe.stages.stage import Stage
from aurora.recipe.stages.train import Part

GIVEN: dict[str, Any] = {
    "start": "model", "tokens": 64, "batch_tokens": 64, "sequence_length": 16, "mixture": {"web/en": 1},
    "schedule": Schedule(peak=1e-3),
}  # fmt: skip


@pytest.mark.parametrize(
    "train", ["all", {"last_layers": 2}, {"embeddings": False}, {"lora": {"rank": 8, "alpha": 16}}], ids=str
)
def test_a_stage_trains_all_or_a_part(train: Any) -> None:
    stage = Stage(**GIVEN, train=train)
    assert stage.train == (train if train == "all" else Part.model_validate(train))
    assert stage.adapts == ("lora" in train)


@pytest.mark.parametrize(
    "train",
    [
        "some", {}, {"last_layers": 0}, {"embeddings": True}, {"last_layers": 2, "embeddings": False},
        {"lora": {"rank": 0, "alpha": 1}}, {"lora": {"rank": 1, "alpha": 1, "targets": []}},
    ],
    ids=str,
)  # fmt: skip
def test_other_parts_are_refused(train: Any) -> None:
    with pytest.raises(ValidationError):
        Stage(**GIVEN, train=train)


def test_a_learning_rate_of_frozen_rows_is_refused() -> None:
    with pytest.raises(ValidationError, match="new_rows: is of rows that `train` leaves as they are"):
        Stage(**GIVEN, train={"embeddings": False}, optimizer={"new_rows": 2})

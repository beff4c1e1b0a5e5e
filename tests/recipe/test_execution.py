"""The `execution` table: what of it is numerics, and its limits."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from aurora.recipe.execution import Execution


def test_only_what_rounds_otherwise_is_numerics() -> None:
    """A stage may go on with other ranks, micro-batches and checkpoints, but says so where numbers round otherwise."""
    assert Execution().numerics() == {"precision": "auto", "compile": False, "threads": 0}


def test_without_a_word_one_process_trains_and_keeps_two_checkpoints() -> None:
    given = Execution()
    assert (given.tensor_parallel, given.pipeline_parallel, given.keep_checkpoints) == (1, 1, 2)
    assert given.trackers == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("device", "tpu"),
        ("precision", "fp16"),
        ("tensor_parallel", 0),
        ("pipeline_schedule", "gpipe"),
        ("segments_per_rank", 1),
        ("shard_parallel", -1),
        ("micro_batch_sequences", 0),
        ("timeout_seconds", 0),
        ("checkpoint_seconds", 0),
        ("keep_checkpoints", 0),
        ("threads", 1 << 20),
        ("trackers", ["tensorboard"]),  # which every stage has anyway
    ],
)
def test_what_cannot_be_is_refused_with_its_key(key: str, value: object) -> None:
    with pytest.raises(ValidationError, match=key):
        Execution.model_validate({key: value})

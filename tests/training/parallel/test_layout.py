from __future__ import annotations

from typing import Any

import pytest

from aurora.errors import UserError
from aurora.recipe.execution import Execution
from aurora.recipe.model import Architecture
from aurora.training.parallel.layout import Layout, layout_of, refuse_impossible

SMALL = Architecture(layers=8, width=64, heads=8, positions=64)


def execution(**settings: Any) -> Execution:
    return Execution.model_validate(settings)


def test_what_tensor_and_pipeline_leave_is_data() -> None:
    layout = layout_of(execution(tensor_parallel=4, pipeline_parallel=4), 128)
    assert (layout.tensor, layout.pipeline, layout.data, layout.shard, layout.replicate) == (4, 4, 8, 8, 1)
    assert layout.ranks == 128
    assert layout.sequence_parallel


def test_hybrid_sharding_copies_groups() -> None:
    layout = layout_of(execution(shard_parallel=2), 8)
    assert (layout.shard, layout.replicate, layout.data) == (2, 4, 8)
    assert str(layout) == "tensor 1 x pipeline 1 x data 8 (shards of 2)"


@pytest.mark.parametrize(
    ("settings", "ranks", "message"),
    [
        ({"tensor_parallel": 4}, 1, r"1 processes cannot be arranged as tensor 4 .* start 4,"),
        ({"tensor_parallel": 4, "pipeline_parallel": 2}, 20, "start 16 or 24,"),
        ({"shard_parallel": 3}, 8, "shard_parallel is 3, .* set it to 2 or 4"),
    ],
)
def test_ranks_that_do_not_share_out_are_refused(settings: dict[str, Any], ranks: int, message: str) -> None:
    with pytest.raises(UserError, match=message):
        layout_of(execution(**settings), ranks)


@pytest.mark.parametrize(
    ("layout", "micro_batch", "message"),
    [
        (Layout(tensor=3), 2, "tensor_parallel is 3, but 8 heads .* set it to 2 or 4"),
        (Layout(pipeline=16), 1, "has 8 layers: set it to at most 8"),
        (Layout(pipeline=4, segments=4, schedule="interleaved"), 2, "set it to at most 2"),
        (Layout(shard=3), 2, "A step's 16 sequences cannot be divided among 3 data-parallel ranks: use 2 or 4, or"),
        (
            Layout(pipeline=4),
            8,
            "micro_batch_sequences is 8, .* with 16 sequences per data-parallel rank: set it to 1 or 2 or 4",
        ),
        (Layout(pipeline=8, shard=4), 2, "needs at least 8 sequences per step and data-parallel rank, but has 4"),
    ],
)
def test_what_cannot_be_shared_is_refused_with_the_nearest_that_can(
    layout: Layout, micro_batch: int, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        refuse_impossible(layout, SMALL, 257, 16, 64, micro_batch)


def test_positions_are_shared_equally_or_not_at_all() -> None:
    refuse_impossible(Layout(tensor=4), SMALL, 257, 16, 63, 2)
    with pytest.raises(UserError, match="63 tokens of a sequence"):
        refuse_impossible(Layout(tensor=4, sequence_parallel=True), SMALL, 257, 16, 63, 2)


def test_a_rank_without_vocabulary_is_refused() -> None:
    with pytest.raises(UserError, match="8, but a vocabulary of 9 leaves one of the ranks without"):
        refuse_impossible(Layout(tensor=8), SMALL, 9, 16, 64, 2)


def test_key_value_heads_are_shared_or_held_by_as_many_ranks_each() -> None:
    grouped = SMALL.model_copy(update={"heads": 12, "key_value_heads": 6})
    for tensor in (2, 3, 6, 12):
        refuse_impossible(Layout(tensor=tensor), grouped.model_copy(update={"inner": 48}), 257, 16, 64, 2)
    with pytest.raises(UserError, match="4, but 6 key/value heads cannot be divided among 4 ranks: set it to 3 or 6"):
        refuse_impossible(Layout(tensor=4), grouped, 257, 16, 64, 2)

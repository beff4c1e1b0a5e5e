from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from aurora.errors import AuroraError
from aurora.model.weights import write_weights
from aurora.recipe.model import Architecture
from aurora.training.checkpoints.boxed_tensors import Stored, boxed_name
from aurora.training.checkpoints.placement import Box, Placement, Span, overlap, within
from aurora.training.parallel.segment import Segment, cut_layers
from aurora.training.parallel.tensor import TensorGroup


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_boxes_of_all_ranks_make_the_whole_and_any_cut_is_found_again(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows, columns, ranks, shards = (data.draw(st.integers(1, most)) for most in (12, 6, 3, 4))
    whole = torch.arange(rows * columns, dtype=torch.float32).view(rows, columns)
    dimension = data.draw(st.integers(0, 1))
    size = (rows, columns)[dimension]
    tensors, filled = {}, torch.zeros(rows, columns)
    for rank in range(ranks):
        start, stop = rank * size // ranks, (rank + 1) * size // ranks
        placement = Placement("w", (rows, columns), dimension, (Span(0, stop - start, start),))
        held = whole[start:stop] if dimension == 0 else whole[:, start:stop]
        for shard in range(shards):
            own = slice(shard * len(held) // shards, (shard + 1) * len(held) // shards)
            for box in placement.boxes(own):
                part = held[own][box.local]
                assert torch.equal(part, whole[box.whole])
                filled[box.whole] += 1
                tensors[boxed_name("w", box.whole, (rows, columns))] = part
    assert bool((filled == 1).all())
    folder = tmp_path_factory.mktemp("shards")
    files = [folder / "even", folder / "odd"]
    for number, file in enumerate(files):
        write_weights(file, dict(list(tensors.items())[number::2]))
    stored = Stored(files)
    assert torch.equal(stored["w"], whole)
    corner = [data.draw(st.integers(0, length - 1)) for length in (rows, columns)]
    wanted = tuple(
        slice(begin, data.draw(st.integers(begin + 1, length)))
        for begin, length in zip(corner, (rows, columns), strict=True)
    )
    found = torch.empty(whole[wanted].shape, dtype=torch.float64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("aurora.training.checkpoints.boxed_tensors.PIECE", data.draw(st.sampled_from([1, 60, 2**20])))
        stored.copy("w", found, wanted)
    assert torch.equal(found, whole[wanted].double())


def test_boxes_overlap_where_both_are() -> None:
    left, right = (slice(0, 4), slice(2, 6)), (slice(3, 9), slice(0, 3))
    assert overlap(left, right) == (slice(3, 4), slice(2, 3))
    assert within((slice(3, 4), slice(2, 3)), right) == (slice(0, 1), slice(2, 3))
    assert overlap(left, (slice(4, 9), slice(0, 3))) is None


def test_parts_that_leave_a_gap_are_refused_by_name(tmp_path: Path) -> None:
    write_weights(tmp_path / "a.safetensors", {"w[0:2,0:2]": torch.ones(2, 2), "w[3:4,0:2]": torch.ones(1, 2)})
    with pytest.raises(AuroraError, match="parts of w that do not make a whole"):
        Stored([tmp_path / "a.safetensors"])


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    write_weights(tmp_path / "a.safetensors", {"w": torch.ones(2)})
    with pytest.raises(AuroraError, match="lacks other"):
        Stored([tmp_path / "a.safetensors"]).check("other", (2,))


def test_another_networks_tensor_is_refused_by_its_shape(tmp_path: Path) -> None:
    write_weights(tmp_path / "a.safetensors", {"w[0:2]": torch.ones(2), "w[2:3]": torch.ones(1)})
    stored = Stored([tmp_path / "a.safetensors"])
    stored.check("w", torch.Size([3]))
    with pytest.raises(AuroraError, match=r"holds w as \[3\], but this network has it as \[2\]"):
        stored.check("w", (2,))


@pytest.mark.parametrize("key_value_heads", [1, 4])
@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("size", [1, 2, 4])
@pytest.mark.parametrize("segments", [1, 3])
def test_segments_of_all_ranks_hold_every_element_of_the_network(
    key_value_heads: int, tied: bool, size: int, segments: int
) -> None:
    shape = Architecture(layers=4, width=32, heads=4, positions=16, key_value_heads=key_value_heads, tied=tied)
    counts: dict[str, torch.Tensor] = {}
    for blocks in cut_layers(shape, 50, segments):
        for rank in range(size):
            group = TensorGroup(None, rank, size, sequence=True) if size > 1 else None  # type: ignore[arg-type]
            segment = Segment(shape, 50, blocks, group)
            for name, parameter in segment.network.named.items():
                placement = segment.placements[name]
                assert placement.held == tuple(parameter.shape)
                seen = counts.setdefault(placement.name, torch.zeros(placement.shape))
                for box in placement.boxes(slice(0, parameter.shape[0])):
                    if placement.first and not (box.shared and rank):
                        seen[box.whole] += 1
    assert all(bool((seen == 1).all()) for seen in counts.values())
    assert ("lm_head.weight" in counts) != tied


def test_the_output_layer_weighs_as_much_as_its_products() -> None:
    shape = Architecture(layers=12, width=64, heads=4, positions=16)
    cuts = cut_layers(shape, 64 * 40, 4)
    assert len(cuts[-1]) < len(cuts[0])
    assert [block for blocks in cuts for block in blocks] == list(range(12))


def test_an_empty_part_has_no_boxes() -> None:
    placement = Placement("w", (4,), 0, (Span(0, 2, 0), Span(2, 2, 2, True)))
    assert list(placement.boxes(slice(2, 2))) == []
    assert list(placement.boxes(slice(1, 3))) == [
        Box("w", (slice(0, 1),), (slice(1, 2),), False),
        Box("w", (slice(1, 2),), (slice(2, 3),), True),
    ]

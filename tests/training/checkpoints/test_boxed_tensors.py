from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from aurora.errors import AuroraError
from aurora.model.weights import write_weights
from aurora.training.checkpoints.boxed_tensors import Stored, boxed_name
from aurora.training.checkpoints.placement import Placement, Span


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


def test_parts_that_leave_a_gap_are_refused_by_name(tmp_path: Path) -> None:
    write_weights(tmp_path / "a.safetensors", {"w[0:2,0:2]": torch.ones(2, 2), "w[3:4,0:2]": torch.ones(1, 2)})
    with pytest.raises(AuroraError, match="only some parts of w"):
        Stored([tmp_path / "a.safetensors"])


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    write_weights(tmp_path / "a.safetensors", {"w": torch.ones(2)})
    with pytest.raises(AuroraError, match="lacks other"):
        Stored([tmp_path / "a.safetensors"]).check("other", (2,))


def test_another_networks_tensor_is_refused_by_its_shape(tmp_path: Path) -> None:
    write_weights(tmp_path / "a.safetensors", {"w[0:2]": torch.ones(2), "w[2:3]": torch.ones(1)})
    stored = Stored([tmp_path / "a.safetensors"])
    stored.check("w", torch.Size([3]))
    with pytest.raises(AuroraError, match=r"w has shape \[3\], but this network needs \[2\]"):
        stored.check("w", (2,))

"""Segments together are the network: its elements, its loss and its gradients."""

from __future__ import annotations

import pytest
import torch

from aurora.model.network import Network
from aurora.recipe.execution import Recompute
from aurora.recipe.model import Architecture
from aurora.training.parallel.segment import Segment, cut_layers
from aurora.training.parallel.tensor import TensorGroup
from training.parallel.in_turn import filled

SHAPE = Architecture(layers=3, width=32, heads=4, positions=16)
TOKENS = torch.randint(50, (2, 9), generator=torch.Generator().manual_seed(5))
MASK = torch.rand(2, 8, generator=torch.Generator().manual_seed(1)) < 0.5


def network(shape: Architecture = SHAPE) -> Network:
    made = Network(shape, 50)
    made.initialise(torch.Generator().manual_seed(3))
    return made


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


@pytest.mark.parametrize("recompute", ["none", "attention", "full"])
@pytest.mark.parametrize("tied", [True, False])
def test_segments_one_after_the_other_compute_the_loss_of_the_network(tied: bool, recompute: Recompute) -> None:
    whole = network(SHAPE.model_copy(update={"tied": tied}))
    hidden, targets = TOKENS[:, :-1], TOKENS[:, 1:]
    segments = [
        filled(Segment(whole.architecture, 50, blocks, recompute=recompute), whole)
        for blocks in (range(2), range(2, 3))
    ]
    expected = whole.loss(hidden, targets, MASK, reduction="sum")
    expected.backward()  # type: ignore[no-untyped-call]
    for segment in segments:
        hidden = segment(hidden, targets=targets, loss_mask=MASK)
    assert hidden.shape == (1,)
    torch.testing.assert_close(hidden[0], expected)
    hidden.sum().backward()  # type: ignore[no-untyped-call]
    for name, parameter in whole.named.items():
        parts = [segment.network.named[name].grad for segment in segments if name in segment.network.named]
        torch.testing.assert_close(sum(part for part in parts if part is not None), parameter.grad)


def test_a_segment_holds_nothing_of_the_others() -> None:
    first, last = (Segment(SHAPE, 50, blocks) for blocks in (range(1), range(1, 3)))
    assert all(parameter.is_meta for parameter in first.parameters())
    names = set(first.network.named), set(last.network.named)
    assert names[0] & names[1] == {"transformer.wte.weight"}  # tied: the embedding is the output layer, too
    assert names[0] | names[1] == set(Network(SHAPE, 50).named)
    assert [segment.placements["transformer.wte.weight"].first for segment in (first, last)] == [True, False]


def test_losses_of_single_targets_are_those_of_the_network() -> None:
    whole = network()
    segment = filled(Segment(SHAPE, 50, range(3)), whole)
    with torch.no_grad():
        found = segment(TOKENS[:, :-1], targets=TOKENS[:, 1:], losses=True)
    torch.testing.assert_close(found, whole.token_losses(TOKENS[:, :-1], TOKENS[:, 1:]))

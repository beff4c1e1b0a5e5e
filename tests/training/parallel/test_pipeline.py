"""Which rank holds which segment, what a step of one rank computes, and losses measured from one to the next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
import torch.distributed as dist

from aurora.model.network import Network
from aurora.recipe.model import Architecture
from aurora.training.parallel.layout import Layout
from aurora.training.parallel.pipeline import Pipeline, segment_numbers
from aurora.training.parallel.segment import Segment, cut_layers
from training.parallel.in_turn import filled

SHAPE = Architecture(layers=4, width=32, heads=4, positions=16)
TOKENS = torch.randint(50, (2, 9), generator=torch.Generator().manual_seed(5))
MASK = torch.rand(4, 8, generator=torch.Generator().manual_seed(1)) < 0.5


@pytest.fixture
def alone() -> Iterator[dist.ProcessGroup]:
    """A group with one rank, which speaks to itself."""
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    assert dist.group.WORLD is not None
    yield dist.group.WORLD
    dist.destroy_process_group()


def network() -> Network:
    made = Network(SHAPE, 50)
    made.initialise(torch.Generator().manual_seed(3))
    return made


@pytest.mark.parametrize(
    ("layout", "held"),
    [
        (Layout(pipeline=3), [[0], [1], [2]]),
        (Layout(pipeline=2, segments=2, schedule="interleaved"), [[0, 2], [1, 3]]),
        (Layout(pipeline=2, segments=3, schedule="interleaved-zero-bubble"), [[0, 2, 4], [1, 3, 5]]),
        # There and back: the first rank has the first and the last segment.
        (Layout(pipeline=3, segments=2, schedule="zero-bubble-v"), [[0, 5], [1, 4], [2, 3]]),
    ],
)
def test_segments_lie_in_turn_or_there_and_back(layout: Layout, held: list[list[int]]) -> None:
    assert [segment_numbers(layout, rank) for rank in range(layout.pipeline)] == held


def test_losses_are_measured_through_all_segments_and_told_to_every_rank(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = network()
    layout = Layout(pipeline=1, segments=2, schedule="interleaved")
    segments = {
        number: filled(Segment(SHAPE, 50, blocks), whole) for number, blocks in enumerate(cut_layers(SHAPE, 50, 2))
    }
    told: list[Any] = []
    monkeypatch.setattr(dist, "broadcast", lambda losses, group, group_src: told.append((losses.clone(), group_src)))
    pipeline = Pipeline(segments, layout, None, torch.device("cpu"), torch.float32, 32, None)  # type: ignore[arg-type]
    with torch.no_grad():
        found = pipeline.token_losses(TOKENS[:, :-1], TOKENS[:, 1:])
    torch.testing.assert_close(found, whole.token_losses(TOKENS[:, :-1], TOKENS[:, 1:]))
    ((losses, source),) = told
    assert torch.equal(losses, found)
    assert source == 0


def test_hidden_states_go_to_the_rank_that_holds_the_next_segment(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = network()
    layout = Layout(pipeline=2)
    sent: list[tuple[torch.Tensor, int]] = []
    monkeypatch.setattr(dist, "send", lambda hidden, group, group_dst: sent.append((hidden, group_dst)))
    monkeypatch.setattr(dist, "recv", lambda hidden, group, group_src: hidden.copy_(sent[group_src][0]))
    monkeypatch.setattr(dist, "broadcast", lambda losses, group, group_src: None)
    found = []
    for number, blocks in enumerate(cut_layers(SHAPE, 50, 2)):
        segment = filled(Segment(SHAPE, 50, blocks), whole)
        ranks: Any = None
        pipeline = Pipeline({number: segment}, layout, ranks, torch.device("cpu"), torch.float32, 32, None)
        with torch.no_grad():
            found.append(pipeline.token_losses(TOKENS[:, :-1], TOKENS[:, 1:]))
    ((hidden, receiver),) = sent
    assert (hidden.shape, receiver) == ((2, 8, 32), 1)
    assert not found[0].any()  # until the last rank tells them
    torch.testing.assert_close(found[1], whole.token_losses(TOKENS[:, :-1], TOKENS[:, 1:]))


@pytest.mark.parametrize("micro_batch", [1, 2])
@pytest.mark.parametrize(
    "layout",
    [
        Layout(pipeline=1, segments=1),
        Layout(pipeline=1, segments=2, schedule="interleaved"),
        Layout(pipeline=1, segments=2, schedule="zero-bubble-v"),
    ],
    ids=["whole", "interleaved", "there-and-back"],
)
def test_a_step_has_the_loss_and_the_gradients_of_the_network(
    layout: Layout, micro_batch: int, alone: dist.ProcessGroup
) -> None:
    whole = network()
    numbers = segment_numbers(layout, 0)
    cuts = cut_layers(SHAPE, 50, layout.segments)
    segments = {number: filled(Segment(SHAPE, 50, cuts[number]), whole) for number in numbers}
    pipeline = Pipeline(segments, layout, alone, torch.device("cpu"), torch.float32, 32, None)
    tokens = torch.randint(50, (4, 9), generator=torch.Generator().manual_seed(6))
    rows = {"tokens": tokens[:, :-1], "targets": tokens[:, 1:], "loss_mask": MASK}
    expected = whole.loss(rows["tokens"], rows["targets"], MASK, reduction="sum")
    (expected / 10).backward()  # type: ignore[no-untyped-call]
    torch.testing.assert_close(pipeline.train(rows, micro_batch, 10), expected.detach().double())
    assert pipeline.train(rows, micro_batch, 10) == pytest.approx(expected.item())  # the schedule is used again
    for name, parameter in whole.named.items():
        parts = [segment.network.named[name].grad for segment in segments.values() if name in segment.network.named]
        assert parameter.grad is not None
        torch.testing.assert_close(sum(part for part in parts if part is not None), 2 * parameter.grad)

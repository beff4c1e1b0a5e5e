"""Tensor parallelism: parts of matrices that make the whole, forward and backward."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from aurora.model.network import Network
from aurora.model.tensors import Cut, TensorSpec
from aurora.recipe.model import Architecture, Rotary
from aurora.training.parallel.segment import Segment
from aurora.training.parallel.tensor import (
    RowLinear,
    TensorGroup,
    VocabularyEmbedding,
    placed,
    vocabulary_cross_entropy,
    vocabulary_losses,
)
from training.parallel.in_turn import Ranks, filled

TOKENS = torch.randint(51, (2, 9), generator=torch.Generator().manual_seed(5))
PLAIN = Architecture(layers=2, width=32, heads=4, positions=16)
GATED = PLAIN.model_copy(
    update={"family": "llama", "key_value_heads": 1, "rotary": Rotary(), "norm": "rms", "gated": True, "biases": ()}
)


@given(st.integers(0, 40), st.integers(1, 9))
def test_every_row_is_of_one_rank(length: int, size: int) -> None:
    own = [TensorGroup(None, rank, size, False).own(length) for rank in range(size)]  # type: ignore[arg-type]
    assert [row for part in own for row in range(part.start, part.stop)] == list(range(length))


def test_what_all_query_heads_share_lies_whole_on_every_rank_behind_its_own() -> None:
    spec = TensorSpec("w", "w", (20, 3), cut=Cut(0, common=4))
    placements = [placed(spec, TensorGroup(None, rank, 2, True)) for rank in range(2)]  # type: ignore[arg-type]
    assert [placement.held for placement in placements] == [(12, 3)] * 2
    spans = [[(span.start, span.length, span.shared) for span in placement.spans] for placement in placements]
    assert spans == [[(0, 8, False), (16, 4, True)], [(8, 8, False), (16, 4, True)]]
    assert all(placement.partial for placement in placements)


def test_heads_that_the_ranks_cannot_share_lie_whole_on_each() -> None:
    spec = TensorSpec("w", "w", (8, 3), cut=Cut(0, units=2))
    assert placed(spec, TensorGroup(None, 1, 2, True)).held == (4, 3)  # type: ignore[arg-type]
    assert placed(spec, TensorGroup(None, 1, 4, True)).held == (8, 3)  # type: ignore[arg-type]


def test_a_bias_is_added_once_to_the_sum_of_the_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, hidden = nn.Linear(6, 4), torch.randn(2, 4, 6)
    ranks = Ranks(2, monkeypatch)

    def work(rank: int) -> Tensor:
        part = RowLinear(3, 4, True, ranks.groups()[rank])
        part.weight, part.bias = nn.Parameter(whole.weight[:, 3 * rank : 3 * rank + 3].detach()), whole.bias
        found: Tensor = part(hidden[..., 3 * rank : 3 * rank + 3])
        return found

    for found in ranks.run(work):
        torch.testing.assert_close(found, whole(hidden))


def test_an_embedding_is_looked_up_where_it_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = nn.Embedding(51, 8)
    ranks = Ranks(4, monkeypatch)  # 13 entries each, the last with 12

    def work(rank: int) -> Tensor:
        group = ranks.groups(sequence=True)[rank]
        part = VocabularyEmbedding(51, 8, group)
        part.weight = nn.Parameter(whole.weight[group.own(51)].detach())
        found: Tensor = part(TOKENS[:, :8])
        return found

    torch.testing.assert_close(torch.cat(ranks.run(work), 1), whole(TOKENS[:, :8]))


@pytest.mark.parametrize("size", [1, 2, 4])
def test_cross_entropy_over_parts_of_the_vocabulary_is_that_over_all_of_it(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aurora.training.parallel.tensor.ROWS", 5)
    generator = torch.Generator().manual_seed(2)
    hidden, weight = torch.randn(12, 8, generator=generator), torch.randn(51, 8, generator=generator) * 9
    targets = torch.randint(51, (12,), generator=generator)
    mine = [part.clone().requires_grad_() for part in (hidden, weight)]
    expected = F.cross_entropy(mine[0] @ mine[1].T, targets, reduction="none")
    expected.sum().backward()  # type: ignore[no-untyped-call]
    ranks = Ranks(size, monkeypatch)

    def work(rank: int) -> tuple[Tensor, ...]:
        group = ranks.groups()[rank]
        own = group.own(51)
        rows, part = hidden.clone().requires_grad_(), weight[own].clone().requires_grad_()
        total = vocabulary_cross_entropy(rows, part, own.start, targets, group)
        total.backward()  # type: ignore[no-untyped-call]
        losses = vocabulary_losses(hidden, weight[own], own.start, targets, group)
        assert rows.grad is not None
        assert part.grad is not None
        return total.detach(), losses, rows.grad, part.grad

    totals, losses, of_hidden, of_weight = zip(*ranks.run(work), strict=True)
    for rank in range(size):
        torch.testing.assert_close(totals[rank], expected.sum().detach())
        torch.testing.assert_close(losses[rank], expected.detach(), atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(of_hidden[rank], mine[0].grad, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(torch.cat(of_weight), mine[1].grad, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("architecture", [PLAIN, GATED], ids=["plain", "gated"])
@pytest.mark.parametrize("sequence", [False, True])
def test_ranks_that_share_matrices_compute_the_loss_and_the_gradients_of_the_network(
    architecture: Architecture, sequence: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Network(architecture, 51)
    whole.initialise(torch.Generator().manual_seed(3))
    expected = whole.loss(TOKENS[:, :-1], TOKENS[:, 1:], reduction="sum")
    expected.backward()  # type: ignore[no-untyped-call]
    ranks = Ranks(2, monkeypatch)

    def work(rank: int) -> tuple[Tensor, Segment]:
        segment = filled(Segment(architecture, 51, range(2), ranks.groups(sequence)[rank]), whole)
        loss = segment(TOKENS[:, :-1], targets=TOKENS[:, 1:])
        loss.sum().backward()
        return loss.detach()[0], segment

    segments = []
    for loss, segment in ranks.run(work):
        torch.testing.assert_close(loss, expected.detach(), atol=1e-3, rtol=1e-5)
        segments.append(segment)
    for name, parameter in whole.named.items():
        assert parameter.grad is not None
        gradient = torch.zeros_like(parameter)
        for rank, segment in enumerate(segments):
            part = segment.network.named[name].grad
            assert part is not None
            placement = segment.placements[name]
            for box in placement.boxes(slice(0, part.shape[0])):
                # Of what every rank holds, each has a part of the gradient, or else the whole.
                if not box.shared or placement.partial or rank == 0:
                    gradient[box.whole] += part[box.local]
        torch.testing.assert_close(
            gradient, parameter.grad, atol=1e-4, rtol=1e-4, msg=lambda text, name=name: f"{name}: {text}"
        )

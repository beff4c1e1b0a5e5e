"""Attention of branches beside plain attention to the whole of what each goes on from."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from aurora.model.layers.branches import LEAST, Branches, Reach, Span, attended, reaches_of
from aurora.model.layers.causal_attention import causal_attention

CPU = torch.device("cpu")
LENGTHS = (5, 1, 40, 17)  # of pieces, of which the first two go on from the first parent, the others from the second
PARENTS = ((0, 9), (9, 31))  # where each lies in the pass before
HEADS, SHARED, WIDTH = 4, 2, 8


def drawn(length: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    query = torch.randn(1, length, HEADS, WIDTH, generator=generator)
    key, value = torch.randn(2, 1, length, SHARED, WIDTH, generator=generator)
    return query, key, value


@pytest.mark.parametrize("window", [None, 6], ids=["all", "window"])
@pytest.mark.parametrize("most", [1 << 23, 700], ids=["together", "few-at-a-time"])
@pytest.mark.parametrize("joined", [False, True], ids=["by-mass", "in-one-softmax"])
def test_each_piece_sees_itself_and_its_parent(
    monkeypatch: pytest.MonkeyPatch, window: int | None, most: int, joined: bool
) -> None:
    monkeypatch.setattr("aurora.model.layers.branches.MOST_SCORES", most)
    query, key, value = drawn(sum(LENGTHS), 1)
    above_query, above_key, above_value = drawn(31, 2)
    starts = [sum(LENGTHS[:number]) for number in range(4)]
    parents = [PARENTS[0], PARENTS[0], PARENTS[1], PARENTS[1]]
    own = [Span(at, at + n, pieces=(at + n,)) for at, n in zip(starts, LENGTHS, strict=True)]
    spans = [Span(0, 6, *PARENTS[0]), Span(6, 63, *PARENTS[1])]
    below = torch.cat([torch.arange(n) + last - first for n, (first, last) in zip(LENGTHS, parents, strict=True)])
    above = torch.cat([torch.arange(last - first) for first, last in PARENTS])
    if joined:
        both = [replace(span, first=span.first + 63, last=span.last + 63) for span in spans]
        both = [replace(both[0], pieces=(5, 6)), replace(both[1], pieces=(46, 63))]
        reaches = [reaches_of(both, HEADS, CPU, (below, torch.cat([below, above]))), []]
    else:
        reaches = [reaches_of(own, HEADS, CPU, (below, below)), reaches_of(spans, HEADS, CPU, (below, above))]
    layer = Branches(reaches, [(above_key[0], above_value[0])], joined=joined)
    found = layer.attend(query, key, value, window)
    for start, length, (first, last) in zip(starts, LENGTHS, parents, strict=True):
        piece, parent = slice(start, start + length), slice(first, last)
        whole = [
            torch.cat([one[:, parent], other[:, piece]], dim=1)
            for one, other in ((above_query, query), (above_key, key), (above_value, value))
        ]
        expected = causal_attention(*whole, window=window)[:, last - first :]
        torch.testing.assert_close(found[:, piece], expected, atol=1e-5, rtol=1e-4)
    assert layer.kept is not None


def test_a_batch_has_few_weights_and_every_query_once() -> None:
    spans = [Span(10 * n, 10 * n + 10, 0, 200) for n in range(50)]
    reaches = reaches_of(spans, 1024, CPU)
    assert len(reaches) > 5
    assert torch.cat([reach.rows for reach in reaches]).sort().values.tolist() == list(range(500))


def test_nothing_seen_has_no_mass() -> None:
    query, key, value = (torch.ones(1, 2, 4) for _ in range(3))
    mixed, mass = attended(query, key, value, torch.tensor([[[LEAST, LEAST], [0.0, LEAST]]]), mass=True)
    assert mass is not None
    assert torch.isfinite(mixed).all()
    assert mass[0, 0] < -1e20
    assert mass[0, 1] == pytest.approx(2.0)


def test_a_reach_without_windows_has_no_distances() -> None:
    (reach,) = reaches_of([Span(0, 3, pieces=(3,))], 1, CPU)
    assert isinstance(reach, Reach)
    assert reach.distance is None
    assert reach.filled is None

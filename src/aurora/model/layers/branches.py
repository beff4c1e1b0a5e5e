"""Attention of many pieces of text in one pass, each to its own beginning, which other pieces may share.

One decision: pieces lie one after another in one row of tokens without padding, and only attention knows of them: a
piece's own keys and those of each piece it goes on from are attended to apart, and the parts are added by their mass
(the sum of exponentials, as in flash attention). So what is shared is stored and read once, however many go on from it.

Shapes: N tokens of a pass, S keys, H query heads, K key/value heads, D the width of a head; a batch holds B spans of M
queries.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

LEAST = (
    -1e30
)  # a score that is not seen: finite, so that a query that sees nothing of a part has no mass there, not nan
STEPS = (16, 32, 64, 128)  # keys; spans are padded to these or to multiples of the last, so few sizes make few products
MOST_SCORES = 1 << 23  # attention weights at a time: 32 MB


@dataclass(frozen=True)
class Span:
    """Queries `start` to `end` of a pass that see the keys `first` to `last` of a row; `own` keys causally."""

    start: int
    end: int
    first: int
    last: int
    own: bool = False


@dataclass(frozen=True)
class Reach:
    """A batch of spans of about one length.

    `queries` [B, M] and `keys` [B, S] are indices; `unseen` [B, M, S] is true where a query does not see a key;
    `distance` [B, M, S] says how far before a query a key lies (only where some layer has a window); `filled` are those
    of the B x M slots that are no padding, and `rows` the queries in them.
    """

    queries: Tensor
    keys: Tensor
    unseen: Tensor | None
    distance: Tensor | None
    filled: Tensor | None
    rows: Tensor

    def mix(self, query: Tensor, keys: Tensor, values: Tensor, window: int | None) -> tuple[Tensor, Tensor]:
        """Of each of `rows` what it sees here, [n, H, D], and its mass as a logarithm, fp32 [n, H]."""
        shared, group = keys.shape[1], query.shape[1] // keys.shape[1]
        batch, length = self.queries.shape
        asked = query[self.queries].view(batch, length, shared, group, -1).transpose(1, 2).flatten(2, 3)
        seen = keys[self.keys].transpose(1, 2)
        hidden = self._hidden(window)
        if hidden is not None:
            hidden = hidden.repeat_interleave(group, dim=1)[:, None]
        mixed, mass = attended(asked, seen, values[self.keys].transpose(1, 2), hidden)
        mixed = mixed.view(batch, shared, length, group, -1).transpose(1, 2).reshape(batch * length, shared * group, -1)
        mass = mass.view(batch, shared, length, group).transpose(1, 2).reshape(batch * length, shared * group)
        return (mixed, mass) if self.filled is None else (mixed[self.filled], mass[self.filled])

    def _hidden(self, window: int | None) -> Tensor | None:
        if window is None or self.distance is None:
            return self.unseen
        far = self.distance >= window
        return far if self.unseen is None else far | self.unseen


def attended(query: Tensor, keys: Tensor, values: Tensor, hidden: Tensor | None) -> tuple[Tensor, Tensor]:
    """[B, K, M, D] of `query` [B, K, M, D], `keys` and `values` [B, K, S, D], and each mass as a logarithm, fp32.

    A key is not seen where `hidden`, which is broadcast to [B, K, M, S], is true. The softmax is computed in fp32.
    """
    scores = (query @ keys.transpose(2, 3)).float().mul_(query.shape[-1] ** -0.5)
    if hidden is not None:
        scores.masked_fill_(hidden, LEAST)
    weights = torch.softmax(scores, dim=-1)
    mass = scores.amax(-1) - weights.amax(-1).log_()  # the logarithm of the sum of exponentials
    return weights.to(values.dtype) @ values, mass


class Branches:
    """Attention of one layer in one pass; it holds the keys and values [N, K, D] of the pass afterwards.

    `reaches` say what is seen of the pass itself, then of each of `above`: keys and values of earlier passes.
    """

    def __init__(self, reaches: Sequence[Sequence[Reach]], above: Sequence[tuple[Tensor, Tensor]]) -> None:
        self.reaches = reaches
        self.above = above
        self.kept: tuple[Tensor, Tensor] | None = None

    def attend(self, query: Tensor, key: Tensor, value: Tensor, window: int | None) -> Tensor:
        """[1, N, H, D] of `query` [1, N, H, D], `key` and `value` [1, N, K, D]."""
        query, self.kept = query[0], (key[0], value[0])
        parts = zip(self.reaches, [self.kept, *self.above], strict=True)
        alone = not any(self.reaches[1:])
        mixed = torch.empty(query.shape, dtype=query.dtype if alone else torch.float32, device=query.device)
        masses = torch.empty(query.shape[:2], dtype=torch.float32, device=query.device)
        for number, (reaches, (keys, values)) in enumerate(parts):
            for reach in reaches:
                part, mass = reach.mix(query, keys, values, window)
                if not number:
                    mixed[reach.rows], masses[reach.rows] = part.to(mixed.dtype), mass
                else:
                    _add(mixed, masses, reach.rows, part, mass)
        return mixed.to(query.dtype)[None]


def _add(mixed: Tensor, masses: Tensor, rows: Tensor, part: Tensor, mass: Tensor) -> None:
    """Add what `rows` see in another part to what they saw."""
    before = masses[rows]
    both = torch.logaddexp(before, mass)
    mixed[rows] = mixed[rows] * (before - both).exp()[..., None] + part * (mass - both).exp()[..., None]
    masses[rows] = both


def reaches_of(
    spans: Sequence[Span], heads: int, device: torch.device, positions: tuple[Tensor, Tensor] | None = None
) -> list[Reach]:
    """`spans` in batches of about one number of keys, none with more than `MOST_SCORES` weights.

    `positions` are those of all queries and of all keys, where a layer has a window.
    """
    sized = sorted(_cut(spans, heads), key=lambda span: (_padded(span.last - span.first), span.start))
    found, batch = [], list[Span]()
    for span in sized:
        size = _padded(span.last - span.first)
        length = max([span.end - span.start, *(other.end - other.start for other in batch)])
        same = batch and _padded(batch[0].last - batch[0].first) == size
        if batch and (not same or (len(batch) + 1) * length * size * heads > MOST_SCORES):
            found.append(_batched(batch, device, positions))
            batch = []
        batch.append(span)
    return [*found, *([_batched(batch, device, positions)] if batch else [])]


def _cut(spans: Sequence[Span], heads: int) -> Iterator[Span]:
    """Spans of few enough queries; a span of own keys stays whole, as its mask goes by its first query."""
    for span in spans:
        most = max(1, MOST_SCORES // (heads * _padded(span.last - span.first)))
        if span.own:
            yield span
            continue
        for start in range(span.start, span.end, most):
            yield Span(start, min(start + most, span.end), span.first, span.last)


def _padded(length: int) -> int:
    return next((step for step in STEPS if length <= step), length + -length % STEPS[-1])


def _batched(spans: Sequence[Span], device: torch.device, positions: tuple[Tensor, Tensor] | None) -> Reach:
    starts, ends, firsts, lasts = (
        torch.tensor([getattr(span, name) for span in spans], device=device)
        for name in ("start", "end", "first", "last")
    )
    queries = starts[:, None] + torch.arange(int((ends - starts).max()), device=device)
    keys = firsts[:, None] + torch.arange(int((lasts - firsts).max()), device=device)
    filled, empty = queries < ends[:, None], keys >= lasts[:, None]
    queries, keys = torch.where(filled, queries, starts[:, None]), torch.where(empty, firsts[:, None], keys)
    unseen = None
    if spans[0].own:
        unseen = torch.ones(queries.shape[1], keys.shape[1], dtype=torch.bool, device=device).triu(1)[None]
    elif bool(empty.any()):
        unseen = empty[:, None, :].expand(-1, queries.shape[1], -1)
    distance = None if positions is None else positions[0][queries][:, :, None] - positions[1][keys][:, None, :]
    whole = bool(filled.all())
    return Reach(queries, keys, unseen, distance, None if whole else filled.flatten().nonzero()[:, 0], queries[filled])

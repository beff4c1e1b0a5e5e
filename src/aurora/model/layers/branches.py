"""Attention of many pieces of text in one pass, each to its own beginning, which other pieces may share.

One decision: pieces lie one after another in one row of tokens without padding, and only attention knows of them: a
piece's own keys and those of each piece it goes on from are attended to apart, and the parts are added by their mass
(the sum of exponentials, as in flash attention). So what is shared is stored and read once, however many go on from it.

Shapes: N tokens of a pass, S keys, H query heads, K key/value heads, D the width of a head; a batch holds B spans of M
queries.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

LEAST = (
    -1e30
)  # a score that is not seen: finite, so that a query that sees nothing of a part has no mass there, not nan
STEPS = (16, 32, 64, 128)  # keys; spans are padded to these or to multiples of the last, so few sizes make few products
MOST_SCORES = 1 << 23  # attention weights at a time: 32 MB


@dataclass(frozen=True)
class Span:
    """Queries `start` to `end` of a pass that see the keys `first` to `last` of a row, if there are any.

    With `pieces`, which are the ends of its pieces of text, each query also sees its own piece up to itself.
    """

    start: int
    end: int
    first: int = 0
    last: int = 0
    pieces: tuple[int, ...] = ()


@dataclass(frozen=True)
class Reach:
    """A batch of spans of about one length.

    `queries` [B, M] and `keys` [B, S] are indices; `unseen` [B or 1, M, S] is true where a query does not see a key;
    `distance` [B, M, S] says how far before a query a key lies (only where some layer has a window); `filled` are those
    of the B x M slots that are no padding, and `rows` the queries in them.
    """

    queries: Tensor
    keys: Tensor
    unseen: Tensor | None
    distance: Tensor | None
    filled: Tensor | None
    rows: Tensor
    _masks: dict[bool, Tensor] = field(default_factory=dict)

    def mix(
        self, query: Tensor, keys: Tensor, values: Tensor, window: int | None, mass: bool
    ) -> tuple[Tensor, Tensor | None]:
        """Of each of `rows` what it sees here, [n, H, D], and if asked its mass as a logarithm, fp32 [n, H]."""
        shared, group = keys.shape[1], query.shape[1] // keys.shape[1]
        batch, length = self.queries.shape
        asked = query[self.queries].view(batch, length, shared, group, -1).transpose(1, 2)
        seen, taken = (kept[self.keys].transpose(1, 2).flatten(0, 1) for kept in (keys, values))
        found, masses = attended(
            asked.reshape(batch * shared, length * group, -1),
            seen,
            taken,
            self._mask(window, shared, group, query),
            mass,
        )
        mixed = found.view(batch, shared, length, group, -1).transpose(1, 2).reshape(batch * length, shared * group, -1)
        if masses is not None:
            masses = masses.view(batch, shared, length, group).transpose(1, 2).reshape(batch * length, shared * group)
        if self.filled is not None:
            mixed = mixed.index_select(0, self.filled)
            masses = None if masses is None else masses.index_select(0, self.filled)
        return mixed, masses

    def _mask(self, window: int | None, shared: int, group: int, like: Tensor) -> Tensor | None:
        """What is added to scores [B x K or 1, M x G, S]; made once for all layers."""
        near = window is not None and self.distance is not None
        if self.unseen is None and not near:
            return None
        if near not in self._masks:
            hidden = self.unseen
            if window is not None and self.distance is not None:
                far = self.distance >= window
                hidden = far if hidden is None else far | hidden
            assert hidden is not None
            mask = torch.zeros(hidden.shape, dtype=like.dtype, device=like.device).masked_fill_(hidden, LEAST)
            mask = mask.repeat_interleave(group, dim=1)
            self._masks[near] = mask if len(mask) == 1 else mask.repeat_interleave(shared, dim=0)
        return self._masks[near]


def attended(
    query: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None, mass: bool
) -> tuple[Tensor, Tensor | None]:
    """[B, M, D] of `query` [B, M, D], `keys` and `values` [B, S, D], and if asked the logarithm of each mass [B, M].

    `mask`, which is broadcast to [B, M, S], is added to the scores. PyTorch's fused kernel gives no masses; in fp32 it
    takes half the time of the products, in bf16 twice. The softmax sums in fp32 also for bf16.
    """
    if not mass and query.dtype != torch.bfloat16:
        heads = None if mask is None else mask[:, None]
        return F.scaled_dot_product_attention(query[:, None], keys[:, None], values[:, None], heads)[:, 0], None
    added, share = (query.new_empty(1, 1, 1), 0) if mask is None else (mask, 1)
    scores = torch.baddbmm(added, query, keys.transpose(1, 2), beta=share, alpha=query.shape[-1] ** -0.5)
    weights = torch.softmax(scores, dim=-1)
    mixed = torch.bmm(weights, values)
    if not mass:
        return mixed, None
    return mixed, scores.amax(-1).float() - weights.amax(-1).float().log_()  # the logarithm of the sum of exponentials


class Branches:
    """Attention of one layer in one pass; it holds the keys and values [N, K, D] of the pass afterwards.

    `reaches` say what is seen of the pass itself, then of each of `above`: keys and values of earlier passes, the last
    one first. If `joined`, the first can also be seen with the pass itself, behind whose N keys its own are numbered.
    """

    def __init__(
        self, reaches: Sequence[Sequence[Reach]], above: Sequence[tuple[Tensor, Tensor]], *, joined: bool = False
    ) -> None:
        self.reaches = reaches
        self.above = above
        self.joined = joined
        self.kept: tuple[Tensor, Tensor] | None = None

    def attend(self, query: Tensor, key: Tensor, value: Tensor, window: int | None) -> Tensor:
        """[1, N, H, D] of `query` [1, N, H, D], `key` and `value` [1, N, K, D]."""
        query, self.kept = query[0], (key[0], value[0])
        more = any(self.reaches[1:])
        sources = [self._own(), *self.above]
        mixed = torch.empty(query.shape, dtype=torch.float32 if more else query.dtype, device=query.device)
        masses = torch.empty(query.shape[:2], dtype=torch.float32, device=query.device)
        for number, (reaches, (keys, values)) in enumerate(zip(self.reaches, sources, strict=True)):
            for reach in reaches:
                part, mass = reach.mix(query, keys, values, window, more)
                if number and mass is not None:
                    _add(mixed, masses, reach.rows, part, mass)
                    continue
                mixed.index_copy_(0, reach.rows, part.to(mixed.dtype))
                if mass is not None:
                    masses.index_copy_(0, reach.rows, mass)
        return mixed.to(query.dtype)[None]

    def _own(self) -> tuple[Tensor, Tensor]:
        assert self.kept is not None
        if not self.joined:
            return self.kept
        (keys, values), (more_keys, more_values) = self.kept, self.above[0]
        return torch.cat([keys, more_keys]), torch.cat([values, more_values])


def _add(mixed: Tensor, masses: Tensor, rows: Tensor, part: Tensor, mass: Tensor) -> None:
    """Add what `rows` see in another part to what they saw."""
    before = masses.index_select(0, rows)
    both = torch.logaddexp(before, mass)
    kept = mixed.index_select(0, rows).mul_((before - both).exp_()[..., None])
    mixed.index_copy_(0, rows, kept.add_(part * (mass - both).exp_()[..., None]))
    masses.index_copy_(0, rows, both)


def reaches_of(
    spans: Sequence[Span], heads: int, device: torch.device, positions: tuple[Tensor, Tensor] | None = None
) -> list[Reach]:
    """`spans` in batches of about one number of keys, none with many more than `MOST_SCORES` weights.

    `positions` are those of all queries and of all keys, where a layer has a window.
    """
    sized = sorted(_cut(spans, heads), key=lambda span: (_size(span), span.start))
    found, batch = [], list[Span]()
    for span in sized:
        length = max(other.end - other.start for other in [*batch, span])
        keys = _size(span) + (length if span.pieces else 0)
        alike = batch and _size(batch[0]) == _size(span) and bool(batch[0].pieces) == bool(span.pieces)
        if batch and (not alike or (len(batch) + 1) * length * keys * heads > MOST_SCORES):
            found.append(_batched(batch, device, positions))
            batch = []
        batch.append(span)
    return [*found, *([_batched(batch, device, positions)] if batch else [])]


def _cut(spans: Sequence[Span], heads: int) -> Iterator[Span]:
    """Spans of few enough queries; one with pieces stays whole."""
    for span in spans:
        if span.pieces:
            yield span
            continue
        most = max(1, MOST_SCORES // (heads * _size(span)))
        for start in range(span.start, span.end, most):
            yield Span(start, min(start + most, span.end), span.first, span.last)


def _size(span: Span) -> int:
    """The keys that a span is padded to; of one that sees itself alone, its own."""
    length = span.last - span.first or span.end - span.start
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
    if spans[0].pieces:
        mine = _unseen_of_own(spans, queries.shape[1], device)
        unseen = torch.cat([empty[:, None].expand(-1, queries.shape[1], -1), mine], dim=2)
        keys = torch.cat([keys, queries], dim=1)
    elif bool(empty.any()):
        unseen = empty[:, None].expand(-1, queries.shape[1], -1)
    distance = None if positions is None else positions[0][queries][:, :, None] - positions[1][keys][:, None, :]
    slots = None if bool(filled.all()) else filled.flatten().nonzero()[:, 0]
    return Reach(queries, keys, unseen, distance, slots, queries[filled])


def _unseen_of_own(spans: Sequence[Span], length: int, device: torch.device) -> Tensor:
    """[B or 1, M, M]: what a query does not see of the queries of its span: other pieces, and what comes after it."""
    later = torch.ones(length, length, dtype=torch.bool, device=device).triu(1)[None]
    if all(len(span.pieces) == 1 for span in spans):
        return later.expand(len(spans), -1, -1)
    ends = torch.full((len(spans), max(len(span.pieces) for span in spans)), length, device=device)
    for number, span in enumerate(spans):
        ends[number, : len(span.pieces)] = torch.tensor(span.pieces, device=device) - span.start
    piece = torch.searchsorted(ends, torch.arange(length, device=device).repeat(len(spans), 1), right=True)
    return later | (piece[:, :, None] != piece[:, None, :])

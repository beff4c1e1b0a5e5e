"""Causal attention for one or many key/value heads, in training and with a key-value cache.

One decision: on a CPU the query heads that share a key/value head are folded into the time axis, so multi-query
attention is a few large matrix products with the one key/value head instead of many small ones, and blocks of queries
skip the keys they may not see. A backward pass written by hand keeps only the attention weights. Measured against
PyTorch's fused kernel (two cores, 16 sequences of 256, 8 heads of 32, forward and backward) this takes 8 ms instead
of 31 in bf16 and 15 instead of 24 in fp32. Documents of one row that must not see each other are first grouped by
length, so that each group is again a few large products. Accelerators use fused kernels.

Shapes: B sequences, T queries, S keys, H query heads, K key/value heads (1 for multi-query, H for multi-head), G = H/K
query heads to a key/value head, D the width of a head.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from aurora.model.layers.documents_at_once import attention_at_once, has_kernel
from aurora.recipe.model import Architecture

QUERY_BLOCK = 64  # measured: 32 and 64 are best at 256 and 512 tokens, larger blocks leave the cache
SHORT = (32, 16)  # tokens; short documents are padded to these, others to whole blocks: few lengths make few products
LONGEST_FOLDED = 4096  # tokens; the folded form keeps H x T x T / 2 weights a layer: 134 MB for 8 heads in bf16


@dataclass
class LayerCache:
    """Keys and values of one layer, each [B, K, S, D]; index s holds the token at position s."""

    keys: Tensor
    values: Tensor

    def write(self, positions: Tensor, key: Tensor, value: Tensor) -> None:
        """Keep `key` and `value` [B, T, K, D] at `positions`, [T] or [B, T]."""
        rows = torch.arange(key.shape[0], device=key.device)[:, None]
        positions = positions.expand(key.shape[0], -1)
        self.keys[rows, :, positions] = key
        self.values[rows, :, positions] = value

    def read(self, end: int) -> tuple[Tensor, Tensor]:
        """The keys and values of positions before `end`."""
        return self.keys[:, :, :end], self.values[:, :, :end]


class KeyValueCache:
    """The keys and values of every layer for a batch of `batch` sequences of up to `capacity` tokens.

    A slot that is empty, or holds padding, lies after every position that may attend to it, so no padding mask is
    needed.
    """

    def __init__(
        self, architecture: Architecture, batch: int, capacity: int, device: torch.device, dtype: torch.dtype
    ) -> None:
        shape = (batch, architecture.key_value_heads, capacity, architecture.head_width)
        self.layers = [
            LayerCache(torch.zeros(shape, device=device, dtype=dtype), torch.zeros(shape, device=device, dtype=dtype))
            for _ in range(architecture.layers)
        ]

    def keep(self, rows: Tensor) -> None:
        """Keep the sequences at the indices `rows` only."""
        for layer in self.layers:
            layer.keys, layer.values = layer.keys[rows], layer.values[rows]


def causal_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    dropout: float = 0.0,
    documents: Tensor | None = None,
    window: int | None = None,
) -> Tensor:
    """Attention of each position to itself and those before it, within its own document where `documents` are given.

    `query` [B, T, H, D], `key` and `value` [B, T, K, D], `documents` [B, T] numbers that differ between the documents
    of a sequence; returns [B, T, H, D]. `dropout` is the probability of dropping an attention weight (0 outside
    training). With a `window` a position sees itself and the `window` - 1 before it. The softmax is computed in fp32
    whatever the type of the inputs.
    """
    if window is not None and window >= query.shape[1]:
        window = None
    if query.device.type == "cpu" and not dropout and query.shape[1] <= LONGEST_FOLDED:
        if documents is not None:
            return _attention_by_document(query, key, value, documents, window)
        folded: Tensor = _FoldedCausalAttention.apply(query, key, value, window)  # type: ignore[no-untyped-call]
        return folded
    return fused_causal_attention(query, key, value, dropout, documents, window)


def fused_causal_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    dropout: float = 0.0,
    documents: Tensor | None = None,
    window: int | None = None,
) -> Tensor:
    """`causal_attention` by PyTorch's fused kernels: for accelerators, long sequences and dropped weights.

    Documents and windows are hidden by a mask only where there is no kernel for them.
    """
    if (documents is not None or window is not None) and has_kernel(query, dropout):
        return attention_at_once(query, key, value, documents, window)
    group = query.shape[2] // key.shape[2]
    key, value = (_repeat_heads(shared, group).transpose(1, 2) for shared in (key, value))
    visible = None
    if documents is not None:
        visible = (documents[:, None, :, None] == documents[:, None, None, :]).tril()
    if window is not None:
        length = query.shape[1]
        near = torch.ones(length, length, dtype=torch.bool, device=query.device).tril().triu(1 - window)
        visible = near if visible is None else visible & near
    mixed = F.scaled_dot_product_attention(
        query.transpose(1, 2), key, value, visible, dropout_p=dropout, is_causal=visible is None
    )
    return mixed.transpose(1, 2)


def cached_attention(query: Tensor, keys: Tensor, values: Tensor, visible: Tensor) -> Tensor:
    """Attention of new positions to a cache.

    `query` [B, T, H, D], `keys` and `values` [B, K, S, D], `visible` [B, T, S] is true where a query may attend;
    returns [B, T, H, D].
    """
    batch, num_queries, num_heads, width = query.shape
    num_shared = keys.shape[1]
    group = num_heads // num_shared
    folded = _fold(query, num_shared).view(batch, num_shared, num_queries * group, width)
    scores = (folded @ keys.transpose(2, 3)).float() * width**-0.5
    hidden = ~visible.repeat_interleave(group, dim=1)[:, None]
    weights = torch.softmax(scores.masked_fill_(hidden, -math.inf), dim=-1).to(values.dtype)
    return _unfold((weights @ values).view(batch * num_shared, num_queries * group, width), batch, num_heads)


def _attention_by_document(query: Tensor, key: Tensor, value: Tensor, documents: Tensor, window: int | None) -> Tensor:
    """Each document by itself, so nothing is computed that a mask would hide; documents of one length together."""
    token_of, slot_of, groups = _slots(documents)
    slots = [
        torch.split(_Moved.apply(part.flatten(0, 1), token_of, slot_of), [count * length for count, length in groups])  # type: ignore[no-untyped-call]
        for part in (query, key, value)
    ]
    mixed = [
        _FoldedCausalAttention.apply(*(part.unflatten(0, group) for part in parts), window).flatten(0, 1)  # type: ignore[no-untyped-call]
        for group, *parts in zip(groups, *slots, strict=True)
    ]
    moved: Tensor = _Moved.apply(torch.cat(mixed), slot_of, token_of)  # type: ignore[no-untyped-call]
    return moved.view_as(query)


def _slots(documents: Tensor) -> tuple[Tensor, Tensor, list[tuple[int, int]]]:
    """Slots for the documents of [B, T], sorted by length, each padded to one of `SHORT` or to whole query blocks.

    Returns the token in each slot (-1 in padding), the slot of each of the B x T tokens, and the groups in order (how
    many documents, slots of each). No query sees padding: it lies after the last token of its document.
    """
    begins = torch.ones_like(documents, dtype=torch.bool)
    begins[:, 1:] = documents[:, 1:] != documents[:, :-1]
    tokens = torch.arange(documents.numel())
    starts = begins.flatten().nonzero().flatten()
    lengths = torch.diff(starts, append=tokens.new_tensor([len(tokens)]))
    filled = lengths + -lengths % QUERY_BLOCK
    for short in SHORT:
        filled[lengths <= short] = short
    lengths, order = filled.sort(stable=True)
    first_slots = torch.empty_like(starts)
    first_slots[order] = lengths.cumsum(0) - lengths
    document_of = begins.flatten().cumsum(0) - 1
    slot_of = first_slots[document_of] + tokens - starts[document_of]
    token_of = torch.full((int(lengths.sum()),), -1)
    token_of[slot_of] = tokens
    sizes, counts = lengths.unique_consecutive(return_counts=True)  # type: ignore[no-untyped-call]
    return token_of, slot_of, list(zip(counts.tolist(), sizes.tolist(), strict=True))


class _Moved(torch.autograd.Function):
    """`rows` at the indices `there`, zeros where an index is -1; `back` are the indices that undo it.

    Its gradient gathers rows by `back` again, where autograd's own would add them up one by one.
    """

    @staticmethod
    def forward(ctx: Any, rows: Tensor, there: Tensor, back: Tensor) -> Tensor:
        ctx.save_for_backward(there, back)
        return _at(rows, there)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = gradients
        _, back = ctx.saved_tensors
        return _at(gradient, back), None, None


def _at(rows: Tensor, indices: Tensor) -> Tensor:
    """The `rows` at `indices`, zeros where an index is -1."""
    selected = rows.index_select(0, indices.clamp(min=0))
    return selected.index_fill_(0, (indices < 0).nonzero().flatten(), 0)


class _FoldedCausalAttention(torch.autograd.Function):
    """Attention with shared key/value heads as batched products over blocks of queries (CPU)."""

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, value: Tensor, window: int | None) -> Tensor:
        batch, num_tokens, num_heads, width = query.shape
        num_shared = key.shape[2]
        keys, values = _fold(key, num_shared), _fold(value, num_shared)
        above = _above_diagonal(min(QUERY_BLOCK, num_tokens), num_heads // num_shared, query.dtype)
        mixed = torch.empty_like(query, memory_format=torch.contiguous_format)
        kept = []
        for start in range(0, num_tokens, QUERY_BLOCK):
            end = min(start + QUERY_BLOCK, num_tokens)
            folded = _fold(query[:, start:end], num_shared) * width**-0.5
            first = _first_seen(start, window)
            scores = torch.bmm(folded, keys[:, first:end].transpose(1, 2))
            scores[:, :, start - first :] += above[: folded.shape[1], : end - start]
            if window is not None and end > window:
                scores += _behind(start, end, first, window, num_heads // num_shared, query.dtype)
            weights = torch.softmax(scores, dim=-1)  # the kernel sums in fp32 also for bf16
            mixed[:, start:end] = _unfold(torch.bmm(weights, values[:, first:end]), batch, num_heads)
            kept.append(weights)
        ctx.save_for_backward(query, keys, values, *kept)
        ctx.window = window
        return mixed

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        (gradient,) = gradients
        query, keys, values, *kept = ctx.saved_tensors
        batch, num_tokens, num_heads, width = query.shape
        num_shared = keys.shape[0] // batch
        scale = width**-0.5
        of_query = torch.empty_like(query, memory_format=torch.contiguous_format)
        of_keys = torch.zeros_like(keys, dtype=torch.float32)  # summed over blocks: not in bf16
        of_values = torch.zeros_like(values, dtype=torch.float32)
        for weights, start in zip(kept, range(0, num_tokens, QUERY_BLOCK), strict=True):
            end = min(start + QUERY_BLOCK, num_tokens)
            first = _first_seen(start, ctx.window)
            incoming = _fold(gradient[:, start:end], num_shared)
            of_values[:, first:end] += torch.bmm(weights.transpose(1, 2), incoming)
            of_weights = torch.bmm(incoming, values[:, first:end].transpose(1, 2))
            of_scores = torch._softmax_backward_data(of_weights, weights, -1, weights.dtype)
            of_keys[:, first:end] += torch.bmm(
                of_scores.transpose(1, 2), _fold(query[:, start:end], num_shared) * scale
            )
            of_query[:, start:end] = _unfold(torch.bmm(of_scores, keys[:, first:end]) * scale, batch, num_heads)
        of_key, of_value = (_unfold(total.to(keys.dtype), batch, num_shared) for total in (of_keys, of_values))
        return of_query, of_key, of_value, None


def _fold(heads: Tensor, num_shared: int) -> Tensor:
    """[B, T, H, D] to [B x K, T x G, D]: the heads that share a key/value head follow each other at every position."""
    batch, num_tokens, num_heads, width = heads.shape
    grouped = heads.reshape(batch, num_tokens, num_shared, num_heads // num_shared, width)
    return grouped.transpose(1, 2).reshape(batch * num_shared, -1, width)


def _unfold(folded: Tensor, batch: int, num_heads: int) -> Tensor:
    """The inverse of `_fold`: [B x K, T x G, D] to [B, T, H, D]."""
    num_shared = folded.shape[0] // batch
    grouped = folded.view(batch, num_shared, -1, num_heads // num_shared, folded.shape[-1])
    return grouped.transpose(1, 2).reshape(batch, -1, num_heads, folded.shape[-1])


def _above_diagonal(num_tokens: int, group: int, dtype: torch.dtype) -> Tensor:
    """[T x G, T]: minus infinity where a folded query would see a later key, else 0."""
    mask = torch.full((num_tokens, num_tokens), -math.inf, dtype=dtype).triu(1)
    return mask.repeat_interleave(group, dim=0)


def _first_seen(start: int, window: int | None) -> int:
    """The first key that any query from `start` on sees."""
    return 0 if window is None else max(0, start - window + 1)


def _behind(start: int, end: int, first: int, window: int, group: int, dtype: torch.dtype) -> Tensor:
    """[T x G, S]: minus infinity where a key from `first` on lies before the window of a folded query, else 0."""
    distance = torch.arange(start, end)[:, None] - torch.arange(first, end)
    mask = torch.zeros(distance.shape, dtype=dtype).masked_fill_(distance >= window, -math.inf)
    return mask.repeat_interleave(group, dim=0)


def _repeat_heads(shared: Tensor, group: int) -> Tensor:
    """[B, T, K, D] to [B, T, K x G, D] without copying where one head is shared by all."""
    if shared.shape[2] == 1:
        return shared.expand(-1, -1, group, -1)
    return shared.repeat_interleave(group, dim=2)

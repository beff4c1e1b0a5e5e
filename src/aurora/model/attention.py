"""Causal attention for one or many key/value heads, in training and with a key-value cache.

One decision: on a CPU the query heads that share a key/value head are folded into the time axis, so multi-query
attention is a few large matrix products with the one key/value head instead of many small ones, and blocks of queries
skip the keys they may not see. A backward pass written by hand keeps only the attention weights. Measured against
PyTorch's fused kernel (two cores, 16 sequences of 256, 8 heads of 32, forward and backward) this takes 8 ms instead
of 31 in bf16 and 15 instead of 24 in fp32. Accelerators use the fused kernel.

Shapes: B sequences, T queries, S keys, H query heads, K key/value heads (1 for multi-query, H for multi-head), G = H/K
query heads to a key/value head, D the width of a head.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from aurora.recipe.model import Architecture

QUERY_BLOCK = 64  # measured: 32 and 64 are best at 256 and 512 tokens, larger blocks leave the cache
LONGEST_FOLDED = 4096  # tokens; the folded form keeps H x T x T / 2 weights a layer for its backward pass


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
        """Keys and values of the positions before `end`."""
        return self.keys[:, :, :end], self.values[:, :, :end]


class KeyValueCache:
    """The keys and values of every layer for a batch of `batch` sequences of up to `capacity` tokens.

    A slot that no token has been written to, or that padding was written to, lies after every position that may look,
    so nothing needs a padding mask.
    """

    def __init__(
        self, architecture: Architecture, batch: int, capacity: int, device: torch.device, dtype: torch.dtype
    ) -> None:
        num_shared = 1 if architecture.multi_query else architecture.heads
        shape = (batch, num_shared, capacity, architecture.width // architecture.heads)
        self.layers = [
            LayerCache(torch.zeros(shape, device=device, dtype=dtype), torch.zeros(shape, device=device, dtype=dtype))
            for _ in range(architecture.layers)
        ]

    def keep(self, rows: Tensor) -> None:
        """Forget every sequence but those at the indices `rows`."""
        for layer in self.layers:
            layer.keys, layer.values = layer.keys[rows], layer.values[rows]


def causal_attention(
    query: Tensor, key: Tensor, value: Tensor, dropout: float = 0.0, documents: Tensor | None = None
) -> Tensor:
    """Attention of each position to itself and those before it, within its own document where `documents` are given.

    `query` [B, T, H, D], `key` and `value` [B, T, K, D], `documents` [B, T] numbers that differ between the documents
    of a sequence; returns [B, T, H, D]. `dropout` is the probability of dropping an attention weight (0 outside
    training). The softmax is computed in fp32 whatever the type of the inputs.
    """
    if query.device.type == "cpu" and not dropout and query.shape[1] <= LONGEST_FOLDED:
        if documents is not None:
            return _attention_by_document(query, key, value, documents)
        folded: Tensor = _FoldedCausalAttention.apply(query, key, value, None)  # type: ignore[no-untyped-call]
        return folded
    return fused_causal_attention(query, key, value, dropout, documents)


def fused_causal_attention(
    query: Tensor, key: Tensor, value: Tensor, dropout: float = 0.0, documents: Tensor | None = None
) -> Tensor:
    """`causal_attention` by PyTorch's fused kernel: for accelerators, long sequences and dropped weights."""
    group = query.shape[2] // key.shape[2]
    key, value = (_repeat_heads(shared, group).transpose(1, 2) for shared in (key, value))
    visible = None
    if documents is not None:
        visible = (documents[:, None, :, None] == documents[:, None, None, :]).tril()
    mixed = F.scaled_dot_product_attention(
        query.transpose(1, 2), key, value, visible, dropout_p=dropout, is_causal=visible is None
    )
    return mixed.transpose(1, 2)


def cached_attention(query: Tensor, keys: Tensor, values: Tensor, visible: Tensor) -> Tensor:
    """Attention of new positions to a cache.

    `query` [B, T, H, D], `keys` and `values` [B, K, S, D], `visible` [B, T, S] is true where a query may look; returns
    [B, T, H, D].
    """
    batch, num_queries, num_heads, width = query.shape
    num_shared = keys.shape[1]
    group = num_heads // num_shared
    folded = _fold(query, num_shared).view(batch, num_shared, num_queries * group, width)
    scores = (folded @ keys.transpose(2, 3)).float() * width**-0.5
    hidden = ~visible.repeat_interleave(group, dim=1)[:, None]
    weights = torch.softmax(scores.masked_fill_(hidden, -math.inf), dim=-1).to(values.dtype)
    return _unfold((weights @ values).view(batch * num_shared, num_queries * group, width), batch, num_heads)


def _attention_by_document(query: Tensor, key: Tensor, value: Tensor, documents: Tensor) -> Tensor:
    """Each document by itself, so nothing is computed that a mask would hide; short ones share a masked call."""
    sizes = _runs(documents)
    parts = zip(*(torch.split(part.flatten(0, 1), sizes) for part in (query, key, value, documents)), strict=True)
    mixed = []
    for of_query, of_key, of_value, numbers in parts:
        mask = None if bool((numbers == numbers[0]).all()) else numbers[None]
        mixed.append(_FoldedCausalAttention.apply(of_query[None], of_key[None], of_value[None], mask)[0])  # type: ignore[no-untyped-call]
    return torch.cat(mixed).view_as(query)


def _runs(documents: Tensor) -> list[int]:
    """Lengths of runs of whole documents over the rows of [B, T], one after another: one document each, or several
    that are shorter than a block together. No run goes over the end of a row.
    """
    begins = torch.ones_like(documents, dtype=torch.bool)
    begins[:, 1:] = documents[:, 1:] != documents[:, :-1]
    sizes: list[int] = []
    for row in begins:
        starts = [*row.nonzero().flatten().tolist(), len(row)]
        within = 0  # how much of the row the runs so far take
        for end, following in pairwise([*starts[1:], None]):
            if following is None or following - within > QUERY_BLOCK:
                sizes.append(end - within)
                within = end
    return sizes


class _FoldedCausalAttention(torch.autograd.Function):
    """Multi-query attention as batched products over blocks of queries (CPU)."""

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, value: Tensor, documents: Tensor | None) -> Tensor:
        batch, num_tokens, num_heads, width = query.shape
        num_shared = key.shape[2]
        keys, values = _fold(key, num_shared), _fold(value, num_shared)
        above = _above_diagonal(min(QUERY_BLOCK, num_tokens), num_heads // num_shared, query.dtype)
        mixed = torch.empty_like(query, memory_format=torch.contiguous_format)
        kept = []
        for start in range(0, num_tokens, QUERY_BLOCK):
            end = min(start + QUERY_BLOCK, num_tokens)
            folded = _fold(query[:, start:end], num_shared) * width**-0.5
            scores = torch.bmm(folded, keys[:, :end].transpose(1, 2))
            scores[:, :, start:] += above[: folded.shape[1], : end - start]
            if documents is not None:
                foreign = documents[:, start:end, None] != documents[:, None, :end]
                scores.masked_fill_(_folded_mask(foreign, num_shared, num_heads), -math.inf)
            weights = torch.softmax(scores, dim=-1)  # the kernel sums in fp32 also for bf16
            mixed[:, start:end] = _unfold(torch.bmm(weights, values[:, :end]), batch, num_heads)
            kept.append(weights)
        ctx.save_for_backward(query, keys, values, *kept)
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
            incoming = _fold(gradient[:, start:end], num_shared)
            of_values[:, :end] += torch.bmm(weights.transpose(1, 2), incoming)
            of_weights = torch.bmm(incoming, values[:, :end].transpose(1, 2))
            of_scores = torch._softmax_backward_data(of_weights, weights, -1, weights.dtype)
            of_keys[:, :end] += torch.bmm(of_scores.transpose(1, 2), _fold(query[:, start:end], num_shared) * scale)
            of_query[:, start:end] = _unfold(torch.bmm(of_scores, keys[:, :end]) * scale, batch, num_heads)
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


def _folded_mask(mask: Tensor, num_shared: int, num_heads: int) -> Tensor:
    """[B, T, S] to [B x K, T x G, S]: the same for every head."""
    return mask.repeat_interleave(num_shared, dim=0).repeat_interleave(num_heads // num_shared, dim=1)


def _above_diagonal(num_tokens: int, group: int, dtype: torch.dtype) -> Tensor:
    """[T x G, T]: minus infinity where a folded query would see a later key, else 0."""
    mask = torch.full((num_tokens, num_tokens), -math.inf, dtype=dtype).triu(1)
    return mask.repeat_interleave(group, dim=0)


def _repeat_heads(shared: Tensor, group: int) -> Tensor:
    """[B, T, K, D] to [B, T, K x G, D] without copying where one head is shared by all."""
    if shared.shape[2] == 1:
        return shared.expand(-1, -1, group, -1)
    return shared.repeat_interleave(group, dim=2)

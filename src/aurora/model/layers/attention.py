"""Self-attention of a block: projections to heads, positions, and the mixing of values.

One decision: the layer takes the number of heads from the shape its projections give, so a rank of a tensor group may
hold some of them.

Shapes: B sequences, T tokens, S keys, W width, H query heads, K key/value heads, D the width of a head.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from aurora.model.layers.causal_attention import LayerCache, cached_attention, causal_attention
from aurora.model.layers.norms import norm_of
from aurora.model.layers.rotary import Turns, turned
from aurora.model.untraced import untraced
from aurora.recipe.model import Architecture


class Attending(Protocol):
    """A cache that attends by itself: what is seen is no matter of positions alone."""

    def attend(self, query: Tensor, key: Tensor, value: Tensor, window: int | None) -> Tensor:
        """[B, T, H, D] of `query` [B, T, H, D], `key` and `value` [B, T, K, D]."""


class Attention(nn.Module):
    """`joined` is one layer for query, key and value, in the order of transformers' GPT-BigCode.

    With one key/value head: all query heads, then the key, then the value. With as many as query heads: query, key and
    value of the first head, then of the second, and so on.
    """

    def __init__(self, architecture: Architecture, joined: bool, window: int | None) -> None:
        super().__init__()
        width, self.head_width = architecture.width, architecture.head_width
        of_queries = architecture.heads * self.head_width
        of_keys = architecture.key_value_heads * self.head_width
        bias = "query_key_value" in architecture.biases
        self.interleaved = architecture.key_value_heads > 1
        self.joined = nn.Linear(width, of_queries + 2 * of_keys, bias) if joined else None
        if not joined:
            self.query = nn.Linear(width, of_queries, bias)
            self.key = nn.Linear(width, of_keys, bias)
            self.value = nn.Linear(width, of_keys, bias)
        self.head_norm = architecture.head_norm
        if self.head_norm != "none":
            together = self.head_norm == "all"
            self.query_norm = norm_of(architecture, of_queries if together else self.head_width)
            self.key_norm = norm_of(architecture, of_keys if together else self.head_width)
        self.output = nn.Linear(of_queries, width, "attention_output" in architecture.biases)
        # Kernels divide by the root of a head's width; this factor on the queries makes it the root that is wanted.
        self.scale = math.sqrt(self.head_width / architecture.attention_width)
        self.window = window
        self.dropout = architecture.dropout
        self.recompute = False  # compute attention again in the backward pass, instead of keeping its weights
        self.enter: Callable[[Tensor], Tensor] | None = None  # where ranks share the layers: gathers all positions
        self.own = slice(None)  # the key/value heads projected here that this rank's query heads attend to

    def forward(
        self,
        hidden: Tensor,
        positions: Tensor,
        turns: Turns | None = None,
        cache: LayerCache | Attending | None = None,
        visible: Tensor | None = None,
        documents: Tensor | None = None,
    ) -> Tensor:
        """[B, T, W] to [B, T, W].

        `turns` are the rotations of rotary positions. A cache takes the keys and values; with `visible` [B, T, S] it is
        read too. One that attends says itself what is seen. `documents` [B, T] keeps attention within each document.
        """
        query, key, value = self._projected(hidden if self.enter is None else self.enter(hidden))
        if self.head_norm == "head":
            query, key = self.query_norm(query), self.key_norm(key)
        elif self.head_norm == "all":
            query = self.query_norm(query.flatten(2)).view_as(query)
            key = self.key_norm(key.flatten(2)).view_as(key)
        key, value = key[:, :, self.own], value[:, :, self.own]
        if self.scale != 1.0:
            query = query * self.scale
        if turns is not None:
            query, key = turned(query, turns), turned(key, turns)
        if isinstance(cache, LayerCache):
            cache.write(positions, key, value)
        if cache is not None and not isinstance(cache, LayerCache):
            mixed = cache.attend(query, key, value, self.window)
        elif cache is not None and visible is not None:
            if self.window is not None:
                seen = torch.arange(visible.shape[-1], device=visible.device)
                visible = visible & (positions[:, :, None] - seen < self.window)
            mixed = cached_attention(query, *cache.read(visible.shape[-1]), visible)
        else:
            dropout = self.dropout if self.training else 0.0
            recompute = self.recompute and torch.is_grad_enabled()
            mixed = _mixed(query, key, value, dropout, documents, self.window, recompute)
        projected: Tensor = self.output(mixed.flatten(2))
        return F.dropout(projected, self.dropout, self.training)

    def _projected(self, hidden: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Query [B, T, H, D], key and value [B, T, K, D]."""
        if self.joined is None:
            query, key, value = (
                layer(hidden).unflatten(-1, (-1, self.head_width)) for layer in (self.query, self.key, self.value)
            )
            return query, key, value
        heads = self.joined(hidden).unflatten(-1, (-1, self.head_width))
        if self.interleaved:
            return heads[:, :, 0::3], heads[:, :, 1::3], heads[:, :, 2::3]
        return heads[:, :, :-2], heads[:, :, -2:-1], heads[:, :, -1:]


@untraced
def _mixed(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    dropout: float,
    documents: Tensor | None,
    window: int | None,
    recompute: bool,
) -> Tensor:
    """`causal_attention`, which `recompute` repeats in the backward pass."""
    if not recompute:
        return causal_attention(query, key, value, dropout, documents, window)
    mixed: Tensor = checkpoint(causal_attention, query, key, value, dropout, documents, window, use_reentrant=False)
    return mixed

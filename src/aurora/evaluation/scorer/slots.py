"""Texts being written: a row of keys and values for each, taken up by another text when one is finished.

One decision: room is set aside once for the longest text; what all of them begin with is held once beside the rows and
attended to apart, as in `aurora.model.layers.branches`.

Shapes: B rows, C places of a row, P tokens that all begin with, H query heads, K key/value heads (G = H/K), D the width
of a head.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from aurora.evaluation.scorer.passes import Pass
from aurora.model.layers.branches import attended
from aurora.model.network import Network


class SlotLayer:
    """The rows [B, K, C, D] of one layer, and what they begin with, [K, P, D]."""

    def __init__(self, keys: Tensor, values: Tensor, shared: tuple[Tensor, Tensor] | None) -> None:
        self.keys = keys
        self.values = values
        self.shared = shared
        self.places = torch.empty(0, dtype=torch.long)  # [B] where each row's new token goes
        self.end = 0
        self.hidden: Tensor | None = None

    def attend(self, query: Tensor, key: Tensor, value: Tensor, window: int | None) -> Tensor:
        """[B, 1, H, D] of one new token for each of the first B rows, which is written there."""
        batch, group = len(query), query.shape[2] // key.shape[2]
        rows = torch.arange(batch, device=query.device)
        self.keys[rows, :, self.places] = key[:, 0]
        self.values[rows, :, self.places] = value[:, 0]
        asked = query.view(batch, -1, group, query.shape[-1])
        seen = torch.arange(self.end, device=query.device)
        hidden = seen > self.places[:, None]
        if window is not None:
            hidden = hidden | (self.places[:, None] - seen >= window)
        keys, values = self.keys[:batch, :, : self.end], self.values[:batch, :, : self.end]
        mixed, mass = attended(asked, keys, values, hidden[:, None, None])
        if self.shared is not None:
            mixed = self._with_shared(asked, mixed, mass, window)
        return mixed.flatten(1, 2)[:, None].to(query.dtype)

    def _with_shared(self, asked: Tensor, mixed: Tensor, mass: Tensor, window: int | None) -> Tensor:
        """What the rows see of themselves and of what all begin with, [B, K, G, D]."""
        assert self.shared is not None
        keys, values = self.shared
        group = asked.shape[2]
        hidden = None
        if window is not None:
            length = keys.shape[1]
            distance = length + self.places[:, None] - torch.arange(length, device=asked.device)
            hidden = (distance >= window).repeat_interleave(group, dim=0)[None, None]
        together = asked.transpose(0, 1).flatten(1, 2)[None]  # [1, K, B x G, D]: one product for all rows
        part, also = attended(together, keys[None], values[None], hidden)
        part = part.view(len(keys), -1, group, part.shape[-1]).transpose(0, 1)
        also = also.view(len(keys), -1, group).transpose(0, 1)
        both = torch.logaddexp(mass, also)
        return mixed * (mass - both).exp()[..., None] + part * (also - both).exp()[..., None]


class Slots:
    """Rows for `batch` texts of at most `capacity` tokens behind what is `shared` by all of them."""

    def __init__(self, model: Network, batch: int, capacity: int, shared: Sequence[Pass]) -> None:
        weight, shape = model.output_weight, model.architecture
        size = (batch, shape.key_value_heads, capacity, shape.head_width)
        self.model = model
        self.batch = batch
        self.begun = sum(len(earlier.positions) for earlier in shared)
        self.layers = []
        for number in range(shape.layers):
            rows = [torch.zeros(size, device=weight.device, dtype=weight.dtype) for _ in range(2)]
            parts = [[earlier.layers[number][part] for earlier in shared] for part in range(2)]
            both = [torch.cat(part).transpose(0, 1).contiguous() for part in parts] if shared else []
            self.layers.append(SlotLayer(rows[0], rows[1], (both[0], both[1]) if shared else None))

    def fill(self, row: int, done: Pass, first: int, place: int, length: int) -> None:
        """Put `length` tokens of a pass, from number `first` on, into a row from `place` on."""
        for layer, (keys, values) in zip(self.layers, done.layers, strict=True):
            layer.keys[row, :, place : place + length] = keys[first : first + length].transpose(0, 1)
            layer.values[row, :, place : place + length] = values[first : first + length].transpose(0, 1)

    def move(self, source: int, target: int, length: int) -> None:
        """Put a row's first tokens into another row."""
        for layer in self.layers:
            layer.keys[target, :, :length] = layer.keys[source, :, :length]
            layer.values[target, :, :length] = layer.values[source, :, :length]

    def step(self, tokens: Sequence[int], places: Sequence[int]) -> Tensor:
        """Logits [B, V] after one new token in each of the first B rows, at its place in the row."""
        model = self.model
        device = model.output_weight.device
        at = torch.tensor(places, device=device)
        for layer in self.layers:
            layer.places, layer.end = at, max(places) + 1
        positions = (at + self.begun)[:, None]
        hidden = model.embed(torch.tensor(tokens, device=device)[:, None], positions)
        turns = model.turns(positions, hidden.dtype)
        for block, layer in zip(model.own_blocks, self.layers, strict=True):
            hidden = block(hidden, positions, turns[block.rotary], layer)
        return model.logits(model.norm(hidden)[:, 0])

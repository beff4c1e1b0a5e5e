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
from aurora.model.layers.branches import LEAST, attended
from aurora.model.network import Network

STEP = 32  # places; attention reads up to a multiple of these, as each new size has kernels made for it in bf16
BATCH = 8  # rows, likewise


class SlotLayer:
    """The rows [B, K, C, D] of one layer, and what they begin with, [K, P, D]."""

    def __init__(self, keys: Tensor, values: Tensor, shared: tuple[Tensor, Tensor] | None) -> None:
        self.keys = keys
        self.values = values
        self.shared = shared
        self.places = torch.empty(0, dtype=torch.long)  # [B] where each row's new token goes
        self.end = 0
        self.masks: dict[int | None, Tensor] = {}

    def attend(self, query: Tensor, key: Tensor, value: Tensor, window: int | None) -> Tensor:
        """[B, 1, H, D] of one new token for each of the first B rows, which is written there."""
        batch, heads = key.shape[0], key.shape[2]
        rows = torch.arange(batch, device=query.device)
        self.keys[rows, :, self.places] = key[:, 0]
        self.values[rows, :, self.places] = value[:, 0]
        asked = query.view(batch * heads, -1, query.shape[-1])
        keys, values = (kept[:batch, :, : self.end].flatten(0, 1) for kept in (self.keys, self.values))
        mixed, mass = attended(asked, keys, values, self._mask(heads, window, query), self.shared is not None)
        if self.shared is not None and mass is not None:
            mixed = self._with_shared(asked, mixed, mass, window)
        return mixed.to(query.dtype).view(query.shape)

    def _mask(self, heads: int, window: int | None, like: Tensor) -> Tensor:
        """What is added to the scores of each row, [B x K, 1, S]; the same for all layers of a kind."""
        if window not in self.masks:
            seen = torch.arange(self.end, device=like.device)
            hidden = seen > self.places[:, None]
            if window is not None:
                hidden = hidden | (self.places[:, None] - seen >= window)
            mask = torch.zeros(hidden.shape, dtype=like.dtype, device=like.device).masked_fill_(hidden, LEAST)
            self.masks[window] = mask.repeat_interleave(heads, dim=0)[:, None]
        return self.masks[window]

    def _with_shared(self, asked: Tensor, mixed: Tensor, mass: Tensor, window: int | None) -> Tensor:
        """What the rows see of themselves and of what all begin with, [B x K, G, D]."""
        assert self.shared is not None
        keys, values = self.shared
        heads, length = keys.shape[:2]
        batch, group = len(asked) // heads, asked.shape[1]
        mask = None
        if window is not None:
            distance = length + self.places[:, None] - torch.arange(length, device=asked.device)
            mask = torch.zeros(distance.shape, dtype=asked.dtype, device=asked.device)
            mask = mask.masked_fill_(distance >= window, LEAST).repeat_interleave(group, dim=0)[None]
        together = asked.view(batch, heads, group, -1).transpose(0, 1).reshape(heads, batch * group, -1)
        part, also = attended(together, keys, values, mask, mass=True)  # one product for all rows
        assert also is not None
        part = part.view(heads, batch, group, -1).transpose(0, 1).reshape(mixed.shape)
        also = also.view(heads, batch, group).transpose(0, 1).reshape(mass.shape)
        both = torch.logaddexp(mass, also)
        return mixed * (mass - both).exp_()[..., None] + part * (also - both).exp_()[..., None]


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
        model, count = self.model, len(tokens)
        idle = [0] * (min(count + -count % BATCH, self.batch) - count)  # rows that nothing is read of
        tokens, places = [*tokens, *idle], [*places, *idle]
        device = model.output_weight.device
        at = torch.tensor(places, device=device)
        masks: dict[int | None, Tensor] = {}
        end = max(places) + 1
        end += -end % STEP
        for layer in self.layers:
            layer.places, layer.end, layer.masks = at, min(end, layer.keys.shape[2]), masks
        positions = (at + self.begun)[:, None]
        hidden = model.embed(torch.tensor(tokens, device=device)[:, None], positions)
        turns = model.turns(positions, hidden.dtype)
        for block, layer in zip(model.own_blocks, self.layers, strict=True):
            hidden = block(hidden, positions, turns[block.rotary], layer)
        return model.logits(model.norm(hidden)[:, 0])[:count]

"""The network: a decoder-only transformer in plain PyTorch, the same modules for every family.

One decision: modules have our names, and `Network.named` gives parameters by the hub's names, from the table of
tensors, so importing and exporting a checkpoint copies tensors unchanged. A layer takes the number of heads from its
tensors, and blocks are kept by number, so a rank may hold a part of a layer, or some of the blocks.

Shapes: B sequences, T tokens, W width, V vocabulary.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Mapping
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aurora.errors import UserError
from aurora.model.adapters.description import adapters_of
from aurora.model.cross_entropy import linear_cross_entropy
from aurora.model.layers.adapted import adapt
from aurora.model.layers.attention import Attending, Attention
from aurora.model.layers.causal_attention import KeyValueCache, LayerCache
from aurora.model.layers.mlp import MLP
from aurora.model.layers.norms import norm_of
from aurora.model.layers.rotary import Turns, turns_at
from aurora.model.tensors import TensorSpec, joined, tensor_table
from aurora.recipe.model import Architecture, Rotary

# Logits that exist at a time where no gradient is wanted: at most of so many token positions, and so many numbers.
# Their fp32 copy and its softmax come on top: 340 MB together.
EVALUATION_ROWS, EVALUATION_LOGITS = 2048, 2**25


class Block(nn.Module):
    """Transformer block, with norms before, after or around its attention and its MLP."""

    def __init__(self, architecture: Architecture, number: int) -> None:
        super().__init__()
        self.rotary = architecture.rotary_of(number)
        before, after = architecture.norm_place != "after", architecture.norm_place != "before"

        def norm(present: bool) -> nn.Module:
            return norm_of(architecture, architecture.width) if present else nn.Identity()

        self.attention_norm = norm(before)
        self.attention = Attention(architecture, joined(architecture), architecture.window_of(number))
        self.attention_after = norm(after)
        self.mlp_norm = norm(before)
        self.mlp = MLP(architecture)
        self.mlp_after = norm(after)
        if (adapters := adapters_of(architecture)) is not None:
            adapt(self, adapters)

    def forward(
        self,
        hidden: Tensor,
        positions: Tensor,
        turns: Turns | None = None,
        cache: LayerCache | Attending | None = None,
        visible: Tensor | None = None,
        documents: Tensor | None = None,
    ) -> Tensor:
        """[B, T, W] to [B, T, W]; the other arguments as in `Attention`."""
        attended = self.attention(self.attention_norm(hidden), positions, turns, cache, visible, documents)
        hidden = hidden + self.attention_after(attended)
        mixed: Tensor = hidden + self.mlp_after(self.mlp(self.mlp_norm(hidden)))
        return mixed


class Network(nn.Module):
    """The whole network. Its weights are unset until `initialise` or until a checkpoint is loaded into it.

    Build it under `torch.device("meta")` to count or shard without memory.
    """

    def __init__(self, architecture: Architecture, vocabulary: int) -> None:
        super().__init__()
        self.architecture = architecture
        self.vocabulary = vocabulary
        device = torch.get_default_device()
        with torch.device("meta"):  # elsewhere torch would draw weights that are then drawn anew or loaded
            self.embedding = nn.Embedding(vocabulary, architecture.width)
            if architecture.rotary is None:
                self.positions = nn.Embedding(architecture.positions, architecture.width)
            # A dictionary, not a list: a rank that drops some blocks keeps the numbers of the others.
            self.blocks = nn.ModuleDict(
                {str(number): Block(architecture, number) for number in range(architecture.layers)}
            )
            self.norm = norm_of(architecture, architecture.width)
            if not architecture.tied:
                self.output = nn.Linear(architecture.width, vocabulary, bias=False)
        if device.type != "meta":
            self.to_empty(device=device)

    @property
    def named(self) -> dict[str, nn.Parameter]:
        """The parameters that are here, by the hub's names."""
        here = dict(self.named_parameters())
        table = tensor_table(self.architecture, self.vocabulary)
        return {name: here[spec.path] for name, spec in table.items() if spec.path in here}

    @property
    def own_blocks(self) -> list[Block]:
        """The blocks that are here, in their order."""
        return [block for block in self.blocks.values() if isinstance(block, Block)]

    @property
    def output_layer(self) -> nn.Embedding | nn.Linear:
        """The layer whose rows [V, W] are the output layer's: the embedding where they are tied."""
        return self.embedding if self.architecture.tied else self.output

    @property
    def output_weight(self) -> Tensor:
        """The output layer's rows [V, W]."""
        return self.output_layer.weight

    @property
    def num_parameters(self) -> int:
        """Weights of the network; the tied output layer counts once."""
        return sum(parameter.numel() for parameter in self.parameters())

    @torch.no_grad()
    def initialise(self, generator: torch.Generator, names: Collection[str] | None = None) -> None:
        """Draw new weights as the table of tensors says, or those of `names`.

        One number is taken from `generator`; each parameter then has a generator of its own, made of that number and
        the parameter's name. So weights depend neither on the device nor on which other parameters a rank holds.
        """
        seed = int(torch.randint(2**62, (), generator=generator))  # inside int64, which is what randint draws
        table = tensor_table(self.architecture, self.vocabulary)
        for name, parameter in self.named.items():
            if names is None or name in names:
                parameter.copy_(draw(table[name], seed))

    @torch.no_grad()
    def fill(self, tensors: Mapping[str, Tensor]) -> None:
        """Take the parameters from `tensors`, by the hub's names."""
        for name, parameter in self.named.items():
            parameter.copy_(tensors[name])

    def embed(self, tokens: Tensor, positions: Tensor) -> Tensor:
        """The input of the first block, [B, T, W], for `tokens` [B, T] at `positions`, [T] or [B, T]."""
        hidden: Tensor = self.embedding(tokens)
        if self.architecture.embedding_scaled:  # the factor is rounded to the type of `hidden`, as Gemma was trained
            hidden = hidden * torch.tensor(math.sqrt(self.architecture.width)).to(hidden.dtype).item()
        if self.architecture.rotary is None:
            hidden = hidden + self.positions(positions)
        return F.dropout(hidden, self.architecture.dropout, self.training)

    def turns(self, positions: Tensor, dtype: torch.dtype) -> dict[Rotary | None, Turns | None]:
        """The rotations of each kind of rotary positions among the blocks here, for computing in `dtype`."""
        kinds = {block.rotary for block in self.own_blocks}
        width = self.architecture.head_width
        return {kind: None if kind is None else turns_at(positions, kind, width, dtype) for kind in kinds}

    def hidden(
        self,
        tokens: Tensor,
        positions: Tensor | None = None,
        cache: KeyValueCache | None = None,
        documents: Tensor | None = None,
    ) -> Tensor:
        """The last hidden state [B, T, W] of `tokens` [B, T] (integers).

        Without `positions` the tokens are at 0, 1, 2 ...; a cache is then filled and not read. With `positions` [B, T]
        and a cache, each token sees what the cache holds up to its own position. With `positions` and no cache they
        only choose position embeddings or rotations. Without a cache, `documents` [B, T] (numbers that differ between
        the documents of a sequence) keep attention within each document. Raises `UserError` for a position that the
        network does not have.
        """
        num_tokens = tokens.shape[1]
        end = num_tokens if positions is None else int(positions.max()) + 1
        if end > self.architecture.positions:
            raise UserError(
                f"A sequence of {end} tokens is longer than the model's {self.architecture.positions} positions: "
                "shorten it, or use a model with more positions."
            )
        visible = None
        if positions is None:
            positions = torch.arange(num_tokens, device=tokens.device)
        elif cache is not None:
            visible = torch.arange(end, device=tokens.device) <= positions[:, :, None]
        hidden = self.embed(tokens, positions)
        turns = self.turns(positions, hidden.dtype)
        for number, block in enumerate(self.own_blocks):
            layer = None if cache is None else cache.layers[number]
            hidden = block(hidden, positions, turns[block.rotary], layer, visible, documents)
        normed: Tensor = self.norm(hidden)
        return normed

    def logits(self, hidden: Tensor) -> Tensor:
        """Scores of the next token, [..., W] to [..., V], in the type of the weights."""
        return F.linear(hidden, self.output_weight)

    def forward(self, tokens: Tensor, positions: Tensor | None = None, cache: KeyValueCache | None = None) -> Tensor:
        """Logits [B, T, V] of `tokens` [B, T]; `positions` and `cache` as in `hidden`."""
        return self.logits(self.hidden(tokens, positions, cache))

    def loss(
        self,
        tokens: Tensor,
        targets: Tensor,
        loss_mask: Tensor | None = None,
        reduction: Literal["mean", "sum"] = "mean",
        *,
        positions: Tensor | None = None,
        documents: Tensor | None = None,
    ) -> Tensor:
        """Cross-entropy in nats, computed in fp32, of `targets` [B, T] after `tokens` [B, T].

        Only targets where `loss_mask` [B, T] (bool) is true count, and only their logits are computed; None counts all.
        "sum" is for accumulating over micro-batches with different numbers of counted targets. Nothing counted gives 0.
        `positions` and `documents` as in `hidden`.
        """
        hidden = self.hidden(tokens, positions, documents=documents)
        if loss_mask is None:
            hidden, targets = hidden.flatten(0, 1), targets.flatten()
        else:
            hidden, targets = hidden[loss_mask], targets[loss_mask]
        total = linear_cross_entropy(hidden, self.output_weight, targets)
        return total / max(targets.numel(), 1) if reduction == "mean" else total

    def token_losses(self, tokens: Tensor, targets: Tensor) -> Tensor:
        """Cross-entropy of every target in nats, fp32 [B, T]; logits exist for a few rows at a time."""
        size = max(1, min(EVALUATION_ROWS, EVALUATION_LOGITS // self.vocabulary))
        rows = zip(
            torch.split(self.hidden(tokens).flatten(0, 1), size), torch.split(targets.flatten(), size), strict=True
        )
        losses = [F.cross_entropy(self.logits(part).float(), right, reduction="none") for part, right in rows]
        return torch.cat(losses).view(targets.shape)


def draw(spec: TensorSpec, seed: int) -> Tensor:
    """New values of a parameter, fp32 on the CPU; see `Network.initialise`."""
    values = torch.empty(spec.shape, device="cpu", dtype=torch.float32)
    if not spec.deviation:
        return values.fill_(spec.mean)
    generator = torch.Generator().manual_seed(_seed_of(spec.name, seed))
    return values.normal_(spec.mean, spec.deviation, generator=generator)


def _seed_of(name: str, seed: int) -> int:
    """A 63-bit seed for the parameter `name`; torch takes seeds as signed 64-bit numbers."""
    return int.from_bytes(hashlib.sha256(f"{seed} {name}".encode()).digest()[:8], "big") >> 1

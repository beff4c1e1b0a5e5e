"""A segment of the network: consecutive blocks, with the embeddings in the first and the output layer in the last.

One decision: a segment is the network on the meta device without the modules of other ranks, so names stay those of a
checkpoint and a rank never allocates what it does not hold. Where input and output layer are tied but in different
segments, each holds a copy; `aurora.training.parallel.network` adds their gradients.

Shapes: B sequences, T tokens, t ranks of a tensor group, W width.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from functools import partial
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from aurora.model.cross_entropy import linear_cross_entropy, token_cross_entropy
from aurora.model.layers.rotary import Turns
from aurora.model.network import Block, Network
from aurora.model.tensors import EMBEDDING, TensorSpec, block_products, name_of, outer_products, tensor_table
from aurora.recipe.execution import Recompute
from aurora.recipe.model import Architecture
from aurora.recipe.stages.objective import Dpo
from aurora.training.parallel.preferring import at_counted, pairs_of, preferring_loss
from aurora.training.parallel.tensor import (
    TensorGroup,
    VocabularyEmbedding,
    cut_modules,
    placed,
    vocabulary_cross_entropy,
    vocabulary_losses,
)


def cut_layers(architecture: Architecture, vocabulary: int, segments: int) -> list[range]:
    """The blocks of each segment, chosen so that the largest segment is as small as possible.

    Its size are the multiplications in the table of tensors.
    """
    table = tensor_table(architecture, vocabulary)
    of_output = outer_products(table) / block_products(table)  # what the output layer costs, in blocks
    counts = [1] * segments
    for _ in range(architecture.layers - segments):
        costs = [count + (of_output if number == segments - 1 else 0.0) for number, count in enumerate(counts)]
        counts[costs.index(min(costs))] += 1
    borders = [sum(counts[:number]) for number in range(segments + 1)]
    return [range(first, last) for first, last in pairwise(borders)]


class Segment(nn.Module):
    """The blocks `blocks` of a network, on the meta device until weights are loaded; cut for `group` if there is
    one."""

    def __init__(
        self,
        architecture: Architecture,
        vocabulary: int,
        blocks: range,
        group: TensorGroup | None = None,
        recompute: Recompute = "none",
    ) -> None:
        super().__init__()
        with torch.device("meta"):
            self.network = Network(architecture, vocabulary)
        self.first = blocks.start == 0
        self.last = blocks.stop == architecture.layers
        self.group = group
        held = held_specs(architecture, vocabulary, blocks)
        self.placements = {name: placed(spec, group) for name, spec in held.items()}
        if self.last and architecture.tied and not self.first:
            embedding = name_of(architecture, EMBEDDING)
            self.placements[embedding] = replace(self.placements[embedding], first=False)
        _remove_others(self.network, {spec.path for spec in held.values()})
        if group is not None:
            cut_modules(self.network, held, group)
        self._recompute = recompute
        self.prefers: Dpo | None = None  # how pairs are learnt, where a stage learns from some ...
        self.won = 0  # ... and in how many of them the chosen answer has gained, since this was set to 0
        self.answers_backward = False  # whether the backward pass is to reach its input, though nothing there moves
        for block in self.network.own_blocks:
            block.attention.recompute = recompute == "attention"

    def forward(
        self,
        hidden: Tensor,
        *,
        targets: Tensor,
        positions: Tensor | None = None,
        documents: Tensor | None = None,
        loss_mask: Tensor | None = None,
        losses: bool = False,
        **others: Tensor,
    ) -> Tensor:
        """Tokens [B, T] in the first segment, else hidden states [B, T or T / t, W], to hidden states.

        In the last segment: the sum [1] of the losses of `targets` [B, T] where `loss_mask` [B, T], or with `losses`
        all of them [B, T] without gradients. `positions` and `documents` [B, T] as in the network; `others` are the
        parts of `PairsOfRows`, where rows hold preference pairs.
        """
        if positions is None:
            positions = torch.arange(targets.shape[1], device=targets.device)
        if self.first:
            hidden = self._embed(hidden, positions)
            if self.answers_backward and torch.is_grad_enabled() and not hidden.requires_grad:
                hidden.requires_grad_()  # the next rank of the pipeline sends a gradient whatever moves here
        turns = self.network.turns(positions, hidden.dtype)
        run = _recomputed if self._recompute == "full" and torch.is_grad_enabled() else _plain
        for block in self.network.own_blocks:
            hidden = run(block, hidden, positions, turns[block.rotary], documents)
        if not self.last:
            return hidden
        hidden = self.network.norm(hidden)
        if self.group is not None:
            hidden = self.group.complete(hidden)
        if losses:
            return self._losses(hidden.flatten(0, 1), targets.flatten()).view(targets.shape)
        pairs = pairs_of(others)
        if pairs is not None and loss_mask is not None and self.prefers is not None:
            of_tokens = self._losses(hidden[loss_mask], targets[loss_mask])
            loss, won = preferring_loss(at_counted(of_tokens, loss_mask), pairs, self.prefers)
            self.won += int(won)
            return loss[None].clone()
        if loss_mask is None:
            return self._loss(hidden.flatten(0, 1), targets.flatten())
        return self._loss(hidden[loss_mask], targets[loss_mask])

    def _embed(self, tokens: Tensor, positions: Tensor) -> Tensor:
        return self.network.embed(tokens, positions if self.group is None else self.group.positions(positions))

    def _loss(self, hidden: Tensor, targets: Tensor) -> Tensor:
        """The sum of losses, [N, W] and [N] to [1]."""
        embedding = self.network.output_layer
        if isinstance(embedding, VocabularyEmbedding):
            total = vocabulary_cross_entropy(hidden, embedding.weight, embedding.first, targets, embedding.group)
        else:
            total = linear_cross_entropy(hidden, embedding.weight, targets)
        return total[None].clone()  # FSDP puts a hook on what a segment returns, which must not be a view

    def _losses(self, hidden: Tensor, targets: Tensor) -> Tensor:
        embedding = self.network.output_layer
        if isinstance(embedding, VocabularyEmbedding):
            return vocabulary_losses(hidden, embedding.weight, embedding.first, targets, embedding.group)
        return token_cross_entropy(hidden, embedding.weight, targets)


def held_specs(architecture: Architecture, vocabulary: int, blocks: range) -> dict[str, TensorSpec]:
    """The rows of the table of tensors for what the segment with `blocks` holds."""
    table = tensor_table(architecture, vocabulary)
    return {name: spec for name, spec in table.items() if spec.belongs_to(blocks, architecture.layers)}


def _remove_others(module: nn.Module, held: Set[str], path: str = "") -> None:
    """Remove every submodule of `module` that has parameters but none of those at the paths `held`."""
    for own, child in list(module.named_children()):
        names = {f"{path}{own}.{name}" for name, _ in child.named_parameters()}
        if names and names.isdisjoint(held):
            delattr(module, own)
        else:
            _remove_others(child, held, f"{path}{own}.")


def _plain(block: Block, hidden: Tensor, positions: Tensor, turns: Turns | None, documents: Tensor | None) -> Tensor:
    mixed: Tensor = block(hidden, positions, turns, documents=documents)
    return mixed


def _recomputed(
    block: Block, hidden: Tensor, positions: Tensor, turns: Turns | None, documents: Tensor | None
) -> Tensor:
    run = partial(block, positions=positions, turns=turns, documents=documents)
    mixed: Tensor = checkpoint(run, hidden, use_reentrant=False)
    return mixed

"""A segment of the network: consecutive blocks, with the embeddings in the first and the output layer in the last.

One decision: a segment is the network on the meta device with what belongs to other ranks taken away, so names stay
those of a checkpoint and nothing is ever allocated that a rank does not hold. Where input and output layer are tied but
lie in two segments, each holds a copy; `aurora.training.parallel.network` adds their gradients.

Shapes: B sequences, T tokens, t ranks of a tensor group, W width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from aurora.model.cross_entropy import linear_cross_entropy
from aurora.model.gpt_bigcode import Attention, Block, GPTBigCode
from aurora.recipe.execution import Recompute
from aurora.recipe.model import Architecture
from aurora.training.checkpoints.placement import Placement, Span, whole_tensor
from aurora.training.parallel.tensor import (
    ColumnLinear,
    RowLinear,
    TensorGroup,
    VocabularyEmbedding,
    cut_block,
    shared_rows,
    vocabulary_cross_entropy,
    vocabulary_losses,
)

EMBEDDING = "transformer.wte.weight"


def cut_layers(architecture: Architecture, vocabulary: int, segments: int) -> list[range]:
    """The blocks of each segment, so that the one with the most work has as little as possible.

    Work is counted in products: a block has 2 W (qkv + W + 2 inner), the output layer V x W, embeddings none.
    """
    inner = architecture.inner or 4 * architecture.width
    joined = architecture.width + 2 * (
        architecture.width // architecture.heads if architecture.multi_query else architecture.width
    )
    of_output = vocabulary / (joined + architecture.width + 2 * inner)
    counts = [1] * segments
    for _ in range(architecture.layers - segments):
        costs = [count + (of_output if number == segments - 1 else 0.0) for number, count in enumerate(counts)]
        counts[costs.index(min(costs))] += 1
    borders = [sum(counts[:number]) for number in range(segments + 1)]
    return [range(first, last) for first, last in pairwise(borders)]


class Segment(nn.Module):
    """Blocks `blocks` of a network, on the meta device until weights are put in; cut for `group` if there is one."""

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
            network = GPTBigCode(architecture, vocabulary)
            self.placements = {name: whole_tensor(name, tuple(p.shape)) for name, p in network.named_parameters()}
            self.transformer = network.transformer
            self.tied = architecture.tied
            self.first = blocks.start == 0
            self.last = blocks.stop == architecture.layers
            self.group = group
            if self.last and not self.tied:
                self.lm_head: nn.Module = network.lm_head
            self._recompute = recompute
            self._take_away(blocks)
            if group is not None:
                self._cut(architecture, vocabulary, group)
        held = dict(self.named_parameters())
        self.placements = {name: placement for name, placement in self.placements.items() if name in held}
        if self.last and self.tied and not self.first:
            self.placements[EMBEDDING] = replace(self.placements[EMBEDDING], first=False)

    def forward(
        self,
        hidden: Tensor,
        *,
        positions: Tensor | None = None,
        documents: Tensor | None = None,
        targets: Tensor | None = None,
        loss_mask: Tensor | None = None,
        losses: bool = False,
    ) -> Tensor:
        """Tokens [B, T] in the first segment, else hidden states [B, T or T / t, W], to hidden states.

        In the last segment: the sum [1] of the losses of `targets` [B, T] where `loss_mask` [B, T], or with `losses`
        all of them [B, T] without gradients. `positions` and `documents` [B, T] as in the network.
        """
        if self.first:
            hidden = self._embed(hidden, positions)
        run = _recomputed if self._recompute == "full" and torch.is_grad_enabled() else _plain
        for block in self.transformer.blocks:
            hidden = run(block, hidden, documents)
        if not self.last:
            return hidden
        hidden = self.transformer.ln_f(hidden)
        if self.group is not None:
            hidden = self.group.complete(hidden)
        assert targets is not None
        if losses:
            return self._losses(hidden.flatten(0, 1), targets.flatten()).view(targets.shape)
        if loss_mask is None:
            return self._loss(hidden.flatten(0, 1), targets.flatten())
        return self._loss(hidden[loss_mask], targets[loss_mask])

    @property
    def _output(self) -> nn.Embedding | nn.Linear:
        """The layer whose rows are the output layer's."""
        layer = self.transformer.wte if self.tied else self.lm_head
        assert isinstance(layer, nn.Embedding | nn.Linear)
        return layer

    def _embed(self, tokens: Tensor, positions: Tensor | None) -> Tensor:
        if positions is None:
            positions = torch.arange(tokens.shape[1], device=tokens.device)
        if self.group is not None:
            positions = self.group.positions(positions)
        return self.transformer.embed(tokens, positions)

    def _loss(self, hidden: Tensor, targets: Tensor) -> Tensor:
        """The sum of losses, [N, W] and [N] to [1]."""
        embedding = self._output
        if isinstance(embedding, VocabularyEmbedding):
            total = vocabulary_cross_entropy(hidden, embedding.weight, embedding.first, targets, embedding.group)
        else:
            total = linear_cross_entropy(hidden, embedding.weight, targets)
        return total[None].clone()  # FSDP hooks what a segment returns, which must not be a view

    def _losses(self, hidden: Tensor, targets: Tensor) -> Tensor:
        embedding = self._output
        if isinstance(embedding, VocabularyEmbedding):
            return vocabulary_losses(hidden, embedding.weight, embedding.first, targets, embedding.group)
        return torch.nn.functional.cross_entropy((hidden @ embedding.weight.T).float(), targets, reduction="none")

    def _take_away(self, blocks: range) -> None:
        for number in list(self.transformer.h):
            if int(number) not in blocks:
                del self.transformer.h[number]
        if not self.first:
            del self.transformer.wpe
        if not self.last:
            del self.transformer.ln_f
        if not (self.first or (self.last and self.tied)):
            del self.transformer.wte
        if self._recompute == "attention":
            for block in self.transformer.blocks:
                block.attn.recompute = True

    def _cut(self, architecture: Architecture, vocabulary: int, group: TensorGroup) -> None:
        """Replace the layers that the group shares, and note which part is here."""
        for block in self.transformer.blocks:
            cut_block(block, group)
        if self.first or (self.last and self.tied):
            self.transformer.wte = VocabularyEmbedding(vocabulary, architecture.width, group)
        if self.last and not self.tied:
            self.lm_head = VocabularyEmbedding(vocabulary, architecture.width, group)
        for path, module in self.named_modules():
            for name, _ in module.named_parameters(recurse=False):
                whole = self.placements[f"{path}.{name}"]
                self.placements[f"{path}.{name}"] = _part(whole, module, name, group, self._shared(path))

    def _shared(self, path: str) -> int:
        """Rows at the end of the layer at `path` that every rank of the group holds."""
        attention = self.get_submodule(path.rpartition(".")[0]) if path.endswith(".c_attn") else None
        return shared_rows(attention) if isinstance(attention, Attention) else 0


def _part(whole: Placement, module: nn.Module, name: str, group: TensorGroup, shared: int) -> Placement:
    """The placement of the parameter `name` of a cut module, of which the last `shared` rows are on every rank."""
    if isinstance(module, ColumnLinear):
        cut, kept = whole.shape[0] - shared, module.out_features - shared
        spans: Sequence[Span] = [Span(0, kept, group.rank * (cut // group.size)), Span(kept, shared, cut, True)]
        return replace(whole, spans=tuple(span for span in spans if span.length))
    if isinstance(module, RowLinear) and name == "weight":
        return replace(whole, dimension=1, spans=(Span(0, module.in_features, group.rank * module.in_features),))
    if isinstance(module, VocabularyEmbedding):
        return replace(whole, spans=(Span(0, module.num_embeddings, module.first),))
    return replace(whole_tensor(whole.name, whole.shape, shared=True), partial=group.sequence)


def _plain(block: Block, hidden: Tensor, documents: Tensor | None) -> Tensor:
    mixed: Tensor = block(hidden, _UNREAD, documents=documents)
    return mixed


def _recomputed(block: Block, hidden: Tensor, documents: Tensor | None) -> Tensor:
    mixed: Tensor = checkpoint(partial(block, positions=_UNREAD, documents=documents), hidden, use_reentrant=False)
    return mixed


# A block reads positions only where it has a key-value cache.
_UNREAD = torch.empty(0)

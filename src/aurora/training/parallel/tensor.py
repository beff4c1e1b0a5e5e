"""Tensor parallelism: the ranks of a group hold parts of each layer's matrices (Megatron-LM, arXiv 1909.08053), and
outside the matrices parts of the sequence (sequence parallelism, arXiv 2205.05198).

One decision: the network's own modules stay; their linear layers and embedding are replaced by ones that hold a part,
and communication happens before and after them. So a gradient crosses ranks by one of five operations here, a rank
holds plain tensors only, and nothing depends on how a library would place an operation. A tensor that every rank holds
whole gets only a part of its gradient on each; `aurora.training.parallel.network` sums the parts.

Shapes: B sequences, T tokens, t ranks in the group, W width, V vocabulary, N rows with a loss.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from aurora.model.cross_entropy import ROWS
from aurora.model.layers.attention import Attention
from aurora.model.layers.mlp import MLP
from aurora.model.layers.norms import RMSNorm
from aurora.model.network import Network
from aurora.model.tensors import Table, TensorSpec
from aurora.model.untraced import untraced
from aurora.training.checkpoints.placement import Placement, Span, whole_tensor

SEQUENCE = 1  # the dimension that sequence parallelism cuts
Operation = Callable[[Tensor, "TensorGroup"], Tensor]


@dataclass(frozen=True)
class TensorGroup:
    """The ranks that share matrices; with `sequence` they also share the positions outside of them."""

    group: dist.ProcessGroup
    rank: int
    size: int
    sequence: bool

    def own(self, length: int) -> slice:
        """This rank's part of `length` rows: equal parts, the last ones shorter or empty."""
        share = -(-length // self.size)
        return slice(min(self.rank * share, length), min((self.rank + 1) * share, length))

    def enter(self, hidden: Tensor) -> Tensor:
        """Before the matrices: all positions [B, T, W] on every rank; their gradients are summed."""
        return _across(hidden, self, *((_gathered, _scattered) if self.sequence else (_same, _summed)))

    def leave(self, partial: Tensor) -> Tensor:
        """After the matrices: the sum over ranks, of all positions or of this rank's [B, T / t, W]."""
        return _across(partial, self, *((_scattered, _gathered) if self.sequence else (_summed, _same)))

    def total(self, partial: Tensor) -> Tensor:
        """The sum over ranks, which each rank then uses for its part of the work."""
        return _across(partial, self, _summed, _summed)

    def complete(self, hidden: Tensor) -> Tensor:
        """All positions, for an operation whose gradient is already whole on every rank."""
        return _across(hidden, self, _gathered, _own) if self.sequence else hidden

    def positions(self, values: Tensor) -> Tensor:
        """This rank's part of a tensor over positions, [T] or [B, T]."""
        return values[..., self.own(values.shape[-1])] if self.sequence else values


class RowLinear(nn.Linear):
    """The part of a linear layer that reads this rank's inputs; its bias is added once, to the sum."""

    def __init__(self, inputs: int, outputs: int, bias: bool, group: TensorGroup) -> None:
        super().__init__(inputs, outputs, bias)
        self.group = group

    def forward(self, hidden: Tensor) -> Tensor:
        """[B, T, inputs] to [B, T or T / t, outputs]."""
        summed = self.group.leave(F.linear(hidden, self.weight))
        return summed if self.bias is None else summed + self.bias


class VocabularyEmbedding(nn.Embedding):
    """The rows of the token embedding for this rank's part of the vocabulary."""

    def __init__(self, vocabulary: int, width: int, group: TensorGroup) -> None:
        own = group.own(vocabulary)
        super().__init__(own.stop - own.start, width)
        self.first = own.start
        self.group = group

    def forward(self, tokens: Tensor) -> Tensor:
        """[B, T] to [B, T or T / t, W]."""
        local = tokens - self.first
        # Entries of other ranks look up row 0 and are then set to 0, so the sum over ranks has each row once.
        foreign = (local < 0) | (local >= self.num_embeddings)
        rows = F.embedding(local.masked_fill(foreign, 0), self.weight)
        return self.group.leave(rows.masked_fill(foreign[..., None], 0.0))


def placed(spec: TensorSpec, group: TensorGroup | None) -> Placement:
    """This rank's part of a tensor."""
    if group is None:
        return whole_tensor(spec.name, spec.shape)
    if spec.cut is None:
        return replace(whole_tensor(spec.name, spec.shape, shared=True), partial=group.sequence)
    dimension, common = spec.cut.dimension, spec.cut.common
    if spec.cut.units % group.size:
        common = spec.shape[dimension]  # fewer heads than ranks: all hold all of them
    shared_out = spec.shape[dimension] - common
    own = group.own(shared_out)
    kept = own.stop - own.start
    # Each rank uses the common rows for its own heads, so it has only a part of their gradient.
    spans = (Span(0, kept, own.start), Span(kept, common, shared_out, True))
    return Placement(spec.name, spec.shape, dimension, tuple(s for s in spans if s.length), partial=bool(common))


def cut_modules(network: Network, table: Table, group: TensorGroup) -> None:
    """Replace each module of `network` (on the meta device) whose weight the group shares by this rank's part."""
    specs = {spec.path: spec for spec in table.values()}
    for path, module in list(network.named_modules()):
        spec = specs.get(f"{path}.weight")
        if isinstance(module, Attention | MLP):
            module.enter = group.enter
        if isinstance(module, Attention) and (heads := network.architecture.key_value_heads) % group.size:
            first = group.rank * heads // group.size
            module.own = slice(first, first + 1)
        if not isinstance(module, nn.Linear | nn.Embedding | RMSNorm) or spec is None or spec.cut is None:
            continue
        with torch.device("meta"):
            if isinstance(module, RMSNorm):
                (length,) = placed(spec, group).held
                if length != module.width:
                    module.weight = nn.Parameter(torch.empty(length))
                    module.total = group.total
                continue
            if spec.by_entry:
                vocabulary, width = spec.shape
                network.set_submodule(path, VocabularyEmbedding(vocabulary, width, group))
                continue
            assert isinstance(module, nn.Linear)
            outputs, inputs = placed(spec, group).held
            bias = module.bias is not None
            part = RowLinear(inputs, outputs, bias, group) if spec.cut.dimension else nn.Linear(inputs, outputs, bias)
            network.set_submodule(path, part)


def vocabulary_cross_entropy(hidden: Tensor, weight: Tensor, first: int, targets: Tensor, group: TensorGroup) -> Tensor:
    """`aurora.model.cross_entropy.linear_cross_entropy` where each rank holds a part of the vocabulary.

    `hidden` [N, W] and `targets` [N] are the same on every rank, `weight` [own, W] is this rank's, from entry `first`
    on; returns the sum over rows. The gradient of `hidden` is whole on every rank.
    """
    total: Tensor = _VocabularyCrossEntropy.apply(hidden, weight, first, targets, group, torch.is_grad_enabled())  # type: ignore[no-untyped-call]
    return total


def vocabulary_losses(hidden: Tensor, weight: Tensor, first: int, targets: Tensor, group: TensorGroup) -> Tensor:
    """Cross-entropy in nats of every target [N]; arguments and gradients as in `vocabulary_cross_entropy`."""
    losses: Tensor = _VocabularyLosses.apply(hidden, weight, first, targets, group)  # type: ignore[no-untyped-call]
    return losses


def _shares(
    hidden: Tensor, weight: Tensor, first: int, targets: Tensor, group: TensorGroup
) -> tuple[Tensor, tuple[Tensor, Tensor], Tensor]:
    """This rank's columns of the softmax [N, own], the (rows, columns) of the targets among them, and losses [N]."""
    dtype = torch.promote_types(hidden.dtype, torch.float32)
    logits = (hidden @ weight.T).to(dtype)
    largest = logits.amax(1)
    dist.all_reduce(largest, dist.ReduceOp.MAX, group.group)
    shares = (logits - largest[:, None]).exp_()
    columns = targets - first
    (rows,) = ((columns >= 0) & (columns < len(weight))).nonzero(as_tuple=True)
    columns = columns[rows]
    sums = torch.stack([shares.sum(1), torch.zeros_like(largest)])
    sums[1, rows] = logits[rows, columns]
    dist.all_reduce(sums, group=group.group)
    return shares / sums[0][:, None], (rows, columns), largest + sums[0].log() - sums[1]


class _VocabularyCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, hidden: Tensor, weight: Tensor, first: int, targets: Tensor, group: TensorGroup, differentiate: bool
    ) -> Tensor:
        dtype = torch.promote_types(hidden.dtype, torch.float32)
        total = torch.zeros((), dtype=torch.float64, device=hidden.device)
        of_hidden = torch.empty_like(hidden, dtype=dtype)
        moves = differentiate and ctx.needs_input_grad[1]  # a frozen output layer has no gradient
        of_weight = torch.zeros(weight.shape if moves else (), dtype=dtype, device=weight.device)
        for start in range(0, len(hidden), ROWS):
            part = hidden[start : start + ROWS]
            shares, own_targets, losses = _shares(part, weight, first, targets[start : start + ROWS], group)
            total += losses.double().sum()
            if differentiate:
                shares[own_targets] -= 1
                of_logits = shares.to(part.dtype)
                of_hidden[start : start + ROWS] = of_logits @ weight
                if moves:
                    of_weight += of_logits.T @ part
        if differentiate:
            dist.all_reduce(of_hidden, group=group.group)
            ctx.save_for_backward(of_hidden.to(hidden.dtype), of_weight)
        return total.to(dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor | None, None, None, None, None]:
        (gradient,) = gradients
        of_hidden, of_weight = ctx.saved_tensors
        scale = gradient.to(of_hidden.dtype)
        moved = (of_weight * gradient).to(of_hidden.dtype) if ctx.needs_input_grad[1] else None
        return of_hidden * scale, moved, None, None, None, None


class _VocabularyLosses(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, first: int, targets: Tensor, group: TensorGroup) -> Tensor:
        ctx.save_for_backward(hidden, weight, targets)
        ctx.first, ctx.group = first, group
        parts = zip(torch.split(hidden, ROWS), torch.split(targets, ROWS), strict=True)
        return torch.cat([_shares(rows, weight, first, right, group)[2] for rows, right in parts])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor | None, None, None, None]:
        (gradient,) = gradients
        hidden, weight, targets = ctx.saved_tensors
        moves = ctx.needs_input_grad[1]  # a frozen output layer has no gradient
        of_hidden = torch.empty_like(hidden, dtype=gradient.dtype)
        of_weight = torch.zeros(weight.shape if moves else (), dtype=gradient.dtype, device=weight.device)
        for start in range(0, len(hidden), ROWS):
            part, rows = hidden[start : start + ROWS], slice(start, start + ROWS)
            shares, own_targets, _ = _shares(part, weight, ctx.first, targets[rows], ctx.group)
            shares[own_targets] -= 1
            of_logits = (shares * gradient[rows, None]).to(part.dtype)
            of_hidden[rows] = of_logits @ weight
            if moves:
                of_weight += of_logits.T @ part
        dist.all_reduce(of_hidden, group=ctx.group.group)
        moved = of_weight.to(hidden.dtype) if moves else None
        return of_hidden.to(hidden.dtype), moved, None, None, None


@untraced
def _across(hidden: Tensor, group: TensorGroup, onward: Operation, back: Operation) -> Tensor:
    result: Tensor = _Across.apply(hidden, group, onward, back)  # type: ignore[no-untyped-call]
    return result


class _Across(torch.autograd.Function):
    """One operation among the ranks forward, another backward."""

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, group: TensorGroup, onward: Operation, back: Operation) -> Tensor:
        ctx.group, ctx.back = group, back
        return onward(hidden, group)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        return ctx.back(gradients[0], ctx.group), None, None, None


def _same(values: Tensor, group: TensorGroup) -> Tensor:
    return values.view_as(values)


def _own(values: Tensor, group: TensorGroup) -> Tensor:
    """Of [B, T, W] this rank's [B, T / t, W]."""
    return values[:, group.own(values.shape[SEQUENCE])].contiguous()


def _summed(values: Tensor, group: TensorGroup) -> Tensor:
    total = values.clone(memory_format=torch.contiguous_format)
    dist.all_reduce(total, group=group.group)
    return total


def _gathered(part: Tensor, group: TensorGroup) -> Tensor:
    """[B, T / t, W] of every rank to [B, T, W]."""
    flat = part.transpose(0, SEQUENCE).contiguous()
    whole = flat.new_empty(flat.shape[0] * group.size, *flat.shape[1:])
    dist.all_gather_single(whole, flat, group.group)
    return whole.transpose(0, SEQUENCE).contiguous()


def _scattered(values: Tensor, group: TensorGroup) -> Tensor:
    """The sum over ranks of [B, T, W], of which each keeps [B, T / t, W]."""
    flat = values.transpose(0, SEQUENCE).contiguous()
    part = flat.new_empty(flat.shape[0] // group.size, *flat.shape[1:])
    dist.reduce_scatter_single(part, flat, group=group.group)
    return part.transpose(0, SEQUENCE).contiguous()

"""Cross-entropy straight from hidden states, without ever holding the logits of a whole batch.

One decision: loss and gradients are computed together, some rows at a time, so logits are made once and turned into
their gradient in place. The products take many rows, because each adds to a gradient as large as the output layer; what
lies between takes few, because in fp32 only those fit a core's cache. The plain form keeps the logits three times over
until the backward pass (at 16 sequences of 256 and 8,192 entries 300 MB); this one is faster on a CPU, as accurate, and
its memory depends on neither the batch nor a loss mask.

Shapes: N rows, W width, V vocabulary.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

# Rows whose logits exist at a time, at least and at most. With fewer, the gradient of the output layer is read and
# written more often; with more, the logits take more memory (4,096 rows of 50,000 entries in bf16: 400 MB).
ROWS, MOST_ROWS = 1024, 4096
TILE = 64  # rows whose logits exist in fp32; measured: 32 and 128 are as good
STEP = 128  # rows are padded to a multiple: oneDNN keeps a compiled product, megabytes, for every shape it meets


def linear_cross_entropy(hidden: Tensor, weight: Tensor, targets: Tensor, rows: int = 0) -> Tensor:
    """Sum over rows of the cross-entropy in nats of `targets` [N] under the logits `hidden` [N, W] x `weight` [V, W].

    Softmax and sum are in fp32 or better whatever the inputs are. Gradients flow to `hidden` and `weight`, once. Logits
    exist for `rows` rows at a time, or as many as are fast.
    """
    at_a_time = rows or rows_at_a_time(len(hidden), hidden.element_size())
    total: Tensor = _LinearCrossEntropy.apply(hidden, weight, targets, at_a_time, torch.is_grad_enabled())  # type: ignore[no-untyped-call]
    return total


def token_cross_entropy(hidden: Tensor, weight: Tensor, targets: Tensor, rows: int = 0) -> Tensor:
    """The same of each row, [N], for a loss that is not their sum. The backward pass makes logits once more, so none
    are kept until then."""
    at_a_time = rows or rows_at_a_time(len(hidden), hidden.element_size())
    losses: Tensor = _TokenCrossEntropy.apply(hidden, weight, targets, at_a_time)  # type: ignore[no-untyped-call]
    return losses


def rows_at_a_time(num_rows: int, bytes_each: int) -> int:
    """A size for the parts of `num_rows` rows whose numbers take `bytes_each`: half of them in bf16."""
    part = num_rows // bytes_each
    return max(ROWS, min(MOST_ROWS, part + -part % STEP))


class _LinearCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor, rows: int, differentiate: bool) -> Tensor:
        dtype = torch.promote_types(hidden.dtype, torch.float32)
        total = torch.zeros((), dtype=torch.float64, device=hidden.device)
        of_hidden = torch.empty_like(hidden)
        unset = torch.empty if len(hidden) else torch.zeros  # without rows, no product below writes it
        moves = differentiate and ctx.needs_input_grad[1]  # a frozen output layer has no gradient
        of_weight = unset(weight.shape if moves else (), dtype=dtype, device=weight.device)
        for start in range(0, len(hidden), rows):
            right = targets[start : start + rows]
            num_rows = len(right)
            part = _padded(hidden[start : start + rows])
            logits = part @ weight.T
            total += _losses(logits, right, dtype, differentiate).double().sum()
            if differentiate:
                logits[num_rows:] = 0  # padding has no loss, so no gradient
                of_hidden[start : start + rows] = (logits @ weight)[:num_rows]
            if moves:
                # The first product is copied, which saves clearing a gradient as large as the output layer.
                (of_weight.add_ if start else of_weight.copy_)(logits.T @ part)
        if differentiate:
            ctx.save_for_backward(of_hidden, of_weight)
        return total.to(dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor | None, None, None, None]:
        (gradient,) = gradients
        of_hidden, of_weight = ctx.saved_tensors
        scale = gradient.to(of_hidden.dtype)
        moved = (of_weight * gradient).to(of_hidden.dtype) if ctx.needs_input_grad[1] else None
        return of_hidden * scale, moved, None, None, None


class _TokenCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor, rows: int) -> Tensor:
        ctx.save_for_backward(hidden, weight, targets)
        ctx.rows = rows
        dtype = torch.promote_types(hidden.dtype, torch.float32)
        losses = torch.empty(len(targets), dtype=dtype, device=hidden.device)
        for start in range(0, len(hidden), rows):
            part, right = _padded(hidden[start : start + rows]), targets[start : start + rows]
            losses[start : start + rows] = _losses(part @ weight.T, right, dtype, differentiate=False)
        return losses

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor | None, None, None]:
        (gradient,) = gradients
        hidden, weight, targets = ctx.saved_tensors
        moves = ctx.needs_input_grad[1]
        of_hidden = torch.empty_like(hidden)
        of_weight = torch.zeros(weight.shape if moves else (), dtype=gradient.dtype, device=weight.device)
        for start in range(0, len(hidden), ctx.rows):
            right = targets[start : start + ctx.rows]
            part = _padded(hidden[start : start + ctx.rows])
            logits = part @ weight.T
            _losses(logits, right, gradient.dtype, differentiate=True)
            logits[: len(right)] *= gradient[start : start + ctx.rows, None].to(logits.dtype)
            logits[len(right) :] = 0  # padding has no loss, so no gradient
            of_hidden[start : start + ctx.rows] = (logits @ weight)[: len(right)]
            if moves:
                of_weight += logits.T @ part
        return of_hidden, of_weight.to(weight.dtype) if moves else None, None, None


def _padded(rows: Tensor) -> Tensor:
    """Rows with empty ones behind them, to a multiple of STEP."""
    return F.pad(rows, (0, 0, 0, -len(rows) % STEP))


def _losses(logits: Tensor, targets: Tensor, dtype: torch.dtype, differentiate: bool) -> Tensor:
    """The losses of the first rows of `logits` [N or more, V], as many as `targets` [N]; with `differentiate` those
    rows become the gradient of the losses' sum."""
    losses = torch.empty(len(targets), dtype=dtype, device=logits.device)
    tile = TILE if logits.device.type == "cpu" else len(targets)
    for start in range(0, len(targets), tile):
        right = targets[start : start + tile]
        rows = torch.arange(len(right), device=logits.device)
        part = logits[start : start + len(right)]
        wide = part.to(dtype)
        shares = torch.softmax(wide, 1)
        # log(sum(exp)) from the largest logit and its share, because a target's own share may round to 0.
        losses[start : start + len(right)] = wide.amax(1) - shares.amax(1).log() - wide[rows, right]
        if differentiate:
            shares[rows, right] -= 1
            part.copy_(shares)
    return losses

"""Cross-entropy straight from hidden states, without ever holding the logits of a whole batch.

One decision: loss and gradients are computed together, some rows at a time, so logits are made once and thrown away at
once. The plain form keeps them three times over until the backward pass (at 16 sequences of 256 and 8,192 entries
300 MB); this one is as fast on a CPU, as accurate, and its memory depends neither on the batch nor on a loss mask.

Shapes: N rows, W width, V vocabulary.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

ROWS = 1024  # rows whose logits exist at a time; fewer would add up the [V, W] gradient more often
STEP = 128  # rows are filled up to a multiple: oneDNN keeps compiled products for every shape it meets, megabytes each


def linear_cross_entropy(hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
    """Sum over rows of the cross-entropy in nats of `targets` [N] under the logits `hidden` [N, W] x `weight` [V, W].

    Softmax and sum are in fp32 or better whatever the inputs are. Gradients flow to `hidden` and `weight`, once.
    """
    total: Tensor = _LinearCrossEntropy.apply(hidden, weight, targets, torch.is_grad_enabled())  # type: ignore[no-untyped-call]
    return total


class _LinearCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor, differentiate: bool) -> Tensor:
        dtype = torch.promote_types(hidden.dtype, torch.float32)
        total = torch.zeros((), dtype=torch.float64, device=hidden.device)
        of_hidden = torch.empty_like(hidden)
        of_weight = torch.zeros(weight.shape if differentiate else (), dtype=dtype, device=weight.device)
        for start in range(0, len(hidden), ROWS):
            right = targets[start : start + ROWS]
            num_rows = len(right)
            part = F.pad(hidden[start : start + ROWS], (0, 0, 0, -num_rows % STEP))
            rows = torch.arange(num_rows, device=hidden.device)
            logits = (part @ weight.T).to(dtype)
            shares = torch.softmax(logits, 1)
            # log(sum(exp)) from the largest logit and its share, because a target's own share may round to 0.
            losses = logits.amax(1) - shares.amax(1).log()
            total += (losses[:num_rows] - logits[rows, right]).double().sum()
            if differentiate:
                shares[rows, right] -= 1
                shares[num_rows:] = 0
                of_logits = shares.to(part.dtype)
                of_hidden[start : start + ROWS] = (of_logits @ weight)[:num_rows]
                of_weight += of_logits.T @ part
        if differentiate:
            ctx.save_for_backward(of_hidden, of_weight)
        return total.to(dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None, None]:
        (gradient,) = gradients
        of_hidden, of_weight = ctx.saved_tensors
        scale = gradient.to(of_hidden.dtype)
        return of_hidden * scale, (of_weight * gradient).to(of_hidden.dtype), None, None

"""Norms: hidden states scaled to one size, by LayerNorm or RMSNorm."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aurora.recipe.model import Architecture


class RMSNorm(nn.Module):
    """Divides by the root of the mean square (Zhang and Sennrich, arXiv 1910.07467); no bias.

    With `from_one` the stored weights are what is added to 1, and they are applied in fp32, as in Gemma.
    """

    def __init__(self, width: int, epsilon: float, from_one: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(width))
        self.width = width  # of the whole norm: the mean of squares is over this, also where a rank holds a part
        self.epsilon = epsilon
        self.from_one = from_one
        self.total: Callable[[Tensor], Tensor] | None = None  # where ranks share the width: sums over them

    def forward(self, hidden: Tensor) -> Tensor:
        """[..., width] to [..., width]."""
        if self.total is not None:
            wide = hidden.float()
            mean = self.total(wide.square().sum(-1, keepdim=True)) / self.width
            return (wide * torch.rsqrt(mean + self.epsilon)).to(hidden.dtype) * self.weight
        if self.from_one:
            return F.rms_norm(hidden.float(), self.weight.shape, 1 + self.weight.float(), self.epsilon).to(hidden.dtype)
        return F.rms_norm(hidden, self.weight.shape, self.weight, self.epsilon)


def norm_of(architecture: Architecture, width: int) -> nn.Module:
    """The norm that the architecture has, for hidden states of `width`."""
    if architecture.norm == "layer":
        return nn.LayerNorm(width, eps=architecture.norm_epsilon)
    return RMSNorm(width, architecture.norm_epsilon, architecture.norm == "rms_from_one")

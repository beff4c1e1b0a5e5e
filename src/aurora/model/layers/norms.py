"""Norms: a hidden state brought to one scale."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aurora.recipe.model import Architecture


class RMSNorm(nn.Module):
    """Divides by the root of the mean square (Zhang and Sennrich, arXiv 1910.07467); no bias."""

    def __init__(self, width: int, epsilon: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(width))
        self.epsilon = epsilon

    def forward(self, hidden: Tensor) -> Tensor:
        """[..., width] to [..., width]."""
        return F.rms_norm(hidden, self.weight.shape, self.weight, self.epsilon)


def norm_of(architecture: Architecture, width: int) -> nn.Module:
    """The norm that the architecture has, for hidden states of `width`."""
    if architecture.norm == "layer":
        return nn.LayerNorm(width, eps=architecture.norm_epsilon)
    return RMSNorm(width, architecture.norm_epsilon)

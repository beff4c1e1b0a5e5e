"""The MLP of a block, plain or gated (Shazeer, arXiv 2002.05202)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch.nn.functional as F
from torch import Tensor, nn

from aurora.recipe.model import Activation, Architecture

ACTIVATIONS: dict[Activation, Callable[[Tensor], Tensor]] = {
    "gelu": F.gelu,
    "gelu_pytorch_tanh": partial(F.gelu, approximate="tanh"),
    "silu": F.silu,
}


class MLP(nn.Module):
    """Up, an activation, and down; with a gate the activation is the gate's and multiplies what goes up."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        width, inner = architecture.width, architecture.inner
        bias = "mlp" in architecture.biases
        self.gate = nn.Linear(width, inner, bias) if architecture.gated else None
        self.up = nn.Linear(width, inner, bias)
        self.down = nn.Linear(inner, width, bias)
        self.activate = ACTIVATIONS[architecture.activation]
        self.dropout = architecture.dropout
        self.enter: Callable[[Tensor], Tensor] | None = None  # where ranks share the layers: what brings all positions

    def forward(self, hidden: Tensor) -> Tensor:
        """[B, T, W] to [B, T, W]."""
        if self.enter is not None:
            hidden = self.enter(hidden)
        inner = self.up(hidden)
        inner = self.activate(inner) if self.gate is None else self.activate(self.gate(hidden)) * inner
        projected: Tensor = self.down(inner)
        return F.dropout(projected, self.dropout, self.training)

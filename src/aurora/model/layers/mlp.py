"""The MLP of a block, plain or gated (Shazeer, arXiv 2002.05202)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aurora.model.tensors import XIELU_BETA
from aurora.recipe.model import Activation, Architecture

XIELU_EPSILON = -1e-6  # the published networks' constant `eps`: expm1 is taken of nothing nearer to 0
ACTIVATIONS: dict[Activation, Callable[[Tensor], Tensor]] = {
    "gelu": F.gelu,
    "gelu_pytorch_tanh": partial(F.gelu, approximate="tanh"),
    "silu": F.silu,
}


class XIELU(nn.Module):
    """Quadratic above 0 and exponential below it, both learnt (Huang and Schlag, arXiv 2411.13010)."""

    def __init__(self) -> None:
        super().__init__()
        self.alpha_p = nn.Parameter(torch.empty(1))
        self.alpha_n = nn.Parameter(torch.empty(1))

    def forward(self, inner: Tensor) -> Tensor:
        """[..., F] to [..., F]."""
        above = F.softplus(self.alpha_p) * inner * inner
        below = (torch.expm1(inner.clamp(max=XIELU_EPSILON)) - inner) * (XIELU_BETA + F.softplus(self.alpha_n))
        return torch.where(inner > 0, above, below) + XIELU_BETA * inner


class MLP(nn.Module):
    """Up, an activation, and down; with a gate, the activation is applied to the gate, which multiplies `up`."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        width, inner = architecture.width, architecture.inner
        bias = "mlp" in architecture.biases
        self.gate = nn.Linear(width, inner, bias) if architecture.gated else None
        self.up = nn.Linear(width, inner, bias)
        self.down = nn.Linear(inner, width, bias)
        learnt = architecture.activation == "xielu"
        self.activation: Callable[[Tensor], Tensor] = XIELU() if learnt else ACTIVATIONS[architecture.activation]
        self.dropout = architecture.dropout
        self.enter: Callable[[Tensor], Tensor] | None = None  # where ranks share the layers: gathers all positions

    def forward(self, hidden: Tensor) -> Tensor:
        """[B, T, W] to [B, T, W]."""
        if self.enter is not None:
            hidden = self.enter(hidden)
        inner = self.up(hidden)
        inner = self.activation(inner) if self.gate is None else self.activation(self.gate(hidden)) * inner
        projected: Tensor = self.down(inner)
        return F.dropout(projected, self.dropout, self.training)

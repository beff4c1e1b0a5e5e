"""What evaluation needs of a network, in one process or shared by many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from torch import Tensor, nn


class Scorer(Protocol):
    """The part of a network that bits per byte need."""

    training: bool

    def parameters(self) -> Iterator[nn.Parameter]: ...

    def train(self, mode: bool = True) -> Any: ...

    def eval(self) -> Any: ...

    def token_losses(self, tokens: Tensor, targets: Tensor) -> Tensor:
        """Cross-entropy in nats of `targets` [B, T] after `tokens` [B, T], fp32."""

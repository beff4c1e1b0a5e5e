"""A rank of `oracles/one_process.py` with one of its fixes undone; the fix is named by the variable UNDO."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch.distributed as dist
from torch import Tensor, nn

from aurora.model.layers.attention import Attention
from aurora.model.layers.mlp import MLP
from aurora.model.layers.norms import RMSNorm
from aurora.training.checkpoints.placement import Placement
from aurora.training.parallel.network import ParallelNetwork
from oracles import one_process


def untie(network: type[ParallelNetwork]) -> None:
    """Trap 1: embedding and output layer of a pipeline's two ends go apart."""
    network._tie_group = lambda self: None  # type: ignore[method-assign]


def forget_shared_heads(network: type[ParallelNetwork]) -> None:
    """Trap 2: each rank of a tensor group keeps its own gradient of the one key/value head."""
    honest = network._sum_shared

    def only_positions(self: ParallelNetwork, gradient: Tensor, placement: Placement, rows: slice) -> None:
        if len(placement.spans) == 1:
            honest(self, gradient, placement, rows)

    network._sum_shared = only_positions  # type: ignore[method-assign]


def forget_positions(network: type[ParallelNetwork]) -> None:
    """Trap 3: what every rank holds has the gradient of its own positions only."""
    honest = network._sum_shared

    def only_heads(self: ParallelNetwork, gradient: Tensor, placement: Placement, rows: slice) -> None:
        if len(placement.spans) > 1:
            honest(self, gradient, placement, rows)

    network._sum_shared = only_heads  # type: ignore[method-assign]


def add_twice(network: type[ParallelNetwork]) -> None:
    """Trap 4: where both ends of the pipeline are on one rank, the embedding's gradient is taken twice."""
    honest = network.complete_gradients

    def complete(self: ParallelNetwork) -> None:
        honest(self)
        for name, parameter in self.named.items():
            if name.endswith("transformer.wte.weight") and len(self.segments) > 1 and parameter.grad is not None:
                parameter.grad.mul_(2)

    network.complete_gradients = complete  # type: ignore[method-assign]


def count_twice(network: type[ParallelNetwork]) -> None:
    """Trap 5: the norm counts both copies of a tied embedding."""
    honest = network._placed

    def norm(self: ParallelNetwork) -> float:
        def placed(self: ParallelNetwork) -> Iterator[tuple[str, nn.Parameter, Placement]]:
            for name, parameter, placement in honest(self):
                yield name, parameter, replace(placement, first=True)

        network._placed = placed  # type: ignore[method-assign]
        try:
            return counted(self)
        finally:
            network._placed = honest  # type: ignore[method-assign]

    counted = network.gradient_norm
    network.gradient_norm = norm  # type: ignore[method-assign]


def change(network: type[ParallelNetwork], kind: type[nn.Module], attribute: str, value: Any) -> None:
    """Give every module of a `kind` another value than its cut gave it."""
    honest = network.__init__

    def build(self: ParallelNetwork, *arguments: Any, **named: Any) -> None:
        honest(self, *arguments, **named)
        for module in self.modules():
            if isinstance(module, kind):
                setattr(module, attribute, value)

    network.__init__ = build  # type: ignore[method-assign]


def take_first_head(network: type[ParallelNetwork]) -> None:
    """Trap 6: with fewer key/value heads than ranks, each looks at the first instead of its own."""
    change(network, Attention, "own", slice(0, 1))


def norm_apart(network: type[ParallelNetwork]) -> None:
    """Trap 7: a norm on all heads together takes the mean of a rank's own."""
    change(network, RMSNorm, "total", None)


def enter_silently(network: type[ParallelNetwork]) -> None:
    """Trap 8: the gradients that a rank's part of gate and up gives are kept from the others."""
    change(network, MLP, "enter", None)


def forget_head_norms(network: type[ParallelNetwork]) -> None:
    """Trap 9: the weights of a norm on each head have the gradient of a rank's own heads."""
    honest = network._sum_shared

    def others(self: ParallelNetwork, gradient: Tensor, placement: Placement, rows: slice) -> None:
        if "_norm" not in placement.name:
            honest(self, gradient, placement, rows)

    network._sum_shared = others  # type: ignore[method-assign]


UNDO: dict[str, Any] = {
    "tie": untie,
    "key-value": forget_shared_heads,
    "placement": forget_positions,
    "both-ends": add_twice,
    "clip": count_twice,
    "own-head": take_first_head,
    "norm-total": norm_apart,
    "enter": enter_silently,
    "head-norm": forget_head_norms,
    "none": lambda network: None,
}

if __name__ == "__main__":
    UNDO[os.environ["UNDO"]](ParallelNetwork)
    one_process.be_ranks()
    assert not dist.is_initialized()

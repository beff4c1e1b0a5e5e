"""Ranks as threads of one process, so that what they say to each other is tested in milliseconds.

A rank's process group is its number: what `torch.distributed` would do among processes is done here among threads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest
import torch
import torch.distributed as dist
from torch import Tensor

from aurora.model.network import Network
from aurora.training.parallel.segment import Segment
from aurora.training.parallel.tensor import TensorGroup

T = TypeVar("T")
WAIT = 30  # seconds for a rank that never comes


class Ranks:
    """So many threads, and the operations among them in place of those of `torch.distributed`."""

    def __init__(self, size: int, patch: pytest.MonkeyPatch) -> None:
        self.size = size
        self._said: dict[int, Tensor] = {}
        self._barrier = threading.Barrier(size, timeout=WAIT)
        for name in ("all_reduce", "all_gather_single", "reduce_scatter_single"):
            patch.setattr(dist, name, getattr(self, f"_{name}"))

    def groups(self, sequence: bool = False) -> list[TensorGroup]:
        """A tensor group as each rank sees it."""
        return [TensorGroup(rank, rank, self.size, sequence) for rank in range(self.size)]  # type: ignore[arg-type]

    def run(self, work: Callable[[int], T]) -> list[T]:
        """What `work` gives on every rank, all of them at once."""
        with ThreadPoolExecutor(self.size) as pool:
            return list(pool.map(work, range(self.size)))

    def _exchanged(self, rank: int, values: Tensor) -> list[Tensor]:
        self._said[rank] = values.detach().clone()
        self._barrier.wait()
        found = [self._said[number] for number in range(self.size)]
        self._barrier.wait()  # before anybody speaks again
        return found

    def _all_reduce(self, values: Tensor, op: Any = dist.ReduceOp.SUM, group: Any = None) -> None:
        said = torch.stack(self._exchanged(group, values))
        values.copy_(said.amax(0) if op == dist.ReduceOp.MAX else said.sum(0))

    def _all_gather_single(self, whole: Tensor, part: Tensor, group: Any) -> None:
        whole.copy_(torch.cat(self._exchanged(group, part)))

    def _reduce_scatter_single(self, part: Tensor, whole: Tensor, group: Any = None) -> None:
        part.copy_(torch.stack(self._exchanged(group, whole)).sum(0).chunk(self.size)[group])


def filled(segment: Segment, network: Network) -> Segment:
    """The segment with its part of the network's weights."""
    segment.to_empty(device="cpu")
    with torch.no_grad():
        for name, parameter in segment.network.named.items():
            for box in segment.placements[name].boxes(slice(0, parameter.shape[0])):
                parameter[box.local] = network.named[name][box.whole]
    return segment

"""Ranks one after the other in one thread, so that what they say to each other is tested in milliseconds.

One decision: no rank ever waits. What the others say is what they said when it was last their turn, and all of them
work again until nobody says anything new; then each has computed with what the others really said. An operation that
only follows right ones is right at the next turn, so there are at most as many turns as operations, and one more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pytest
import torch
import torch.distributed as dist
from torch import Tensor

from aurora.model.network import Network
from aurora.training.parallel.segment import Segment
from aurora.training.parallel.tensor import TensorGroup

T = TypeVar("T")
MOST_TURNS = 200


class Ranks:
    """So many ranks, and the operations among them in place of those of `torch.distributed`."""

    def __init__(self, size: int, patch: pytest.MonkeyPatch) -> None:
        self.size = size
        self._said: dict[tuple[int, int], Tensor] = {}  # by the number of the operation, and the rank
        self._operation = 0
        self._news = False
        for name in ("all_reduce", "all_gather_single", "reduce_scatter_single"):
            patch.setattr(dist, name, getattr(self, f"_{name}"))

    def groups(self, sequence: bool = False) -> list[TensorGroup]:
        """A tensor group as each rank sees it; in place of its process group stands its number."""
        return [TensorGroup(rank, rank, self.size, sequence) for rank in range(self.size)]  # type: ignore[arg-type]

    def run(self, work: Callable[[int], T]) -> list[T]:
        """What `work` gives on every rank; it is done several times, each time from the beginning."""
        self._said.clear()
        for _ in range(MOST_TURNS):
            self._news = False
            found = []
            for rank in range(self.size):
                self._operation = 0
                found.append(work(rank))
            if not self._news:
                return found
        raise AssertionError(f"The ranks say something new at each of {MOST_TURNS} turns.")

    def _exchanged(self, rank: int, values: Tensor) -> list[Tensor]:
        self._operation += 1
        said = values.detach().clone()
        earlier = self._said.get((self._operation, rank))
        self._news = self._news or earlier is None or not torch.equal(earlier, said)
        self._said[self._operation, rank] = said
        return [self._said.get((self._operation, other), torch.zeros_like(said)) for other in range(self.size)]

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

"""The processes that torchrun started for one command.

One decision: what ranks tell each other outside of a training step goes through a group of its own that waits for days,
because a rank may wait long for another that prepares text; `aurora.training.heartbeat` finds those that are gone.
"""

from __future__ import annotations

import gc
import os
from datetime import timedelta
from functools import cache
from typing import Any

import torch
import torch.distributed as dist

from aurora.errors import AuroraError

PATIENCE = timedelta(days=7)


class Job:
    """This process as rank `rank` of `ranks`; alone, everything here is done at once."""

    def __init__(self, rank: int = 0, ranks: int = 1, control: dist.ProcessGroup | None = None) -> None:
        self.rank = rank
        self.ranks = ranks
        self._control = control

    def wait(self) -> None:
        """Go on when every rank has come here."""
        self.gather("")

    def gather(self, text: str) -> list[str]:
        """What each rank says, in their order, on every rank."""
        if self._control is None:
            return [text]
        said: list[Any] = [None] * self.ranks
        dist.all_gather_object(said, text, group=self._control)
        return [str(part) for part in said]

    def hear(self, text: str = "") -> str:
        """What rank 0 says."""
        return self.gather(text)[0]

    def agree(self, problem: str) -> None:
        """`AuroraError` on every rank where one has a `problem`."""
        if found := [part for part in self.gather(problem) if part]:
            raise AuroraError(found[0])


def started_ranks() -> int:
    """How many processes were started together."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def join() -> Job:
    """Meet the other processes."""
    ranks = started_ranks()
    if ranks == 1:
        return Job()
    if not dist.is_initialized():
        dist.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo", timeout=PATIENCE)
    return Job(dist.get_rank(), ranks, _control_group())


@cache
def _control_group() -> dist.ProcessGroup:
    group: dist.ProcessGroup = dist.new_group(backend="gloo", timeout=PATIENCE)
    return group


def leave() -> None:
    """Part from the others in good order."""
    if dist.is_initialized():
        _control_group.cache_clear()
        gc.collect()  # a group that something still holds at the interpreter's end may abort it
        dist.destroy_process_group()

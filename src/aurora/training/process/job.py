"""The processes that torchrun started for one command.

One decision: ranks communicate outside of a training step over a process group of its own with a timeout of days,
because one may wait long for another that prepares text; `heartbeat` finds ranks that are gone.
"""

from __future__ import annotations

import gc
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from typing import Any, Protocol

import torch
import torch.distributed as dist
from torch.distributed.distributed_c10d import PrefixStore
from torch.distributed.rendezvous import rendezvous

from aurora.errors import AuroraError

PATIENCE = timedelta(days=7)  # longer than any step takes on one rank: a timeout here would only end a healthy run
MEETING = timedelta(minutes=10)  # for processes started together to find each other: nodes of a cluster boot apart


class Store(Protocol):
    """The part of `torch.distributed.Store` that is used."""

    def set(self, key: str, value: str) -> None: ...

    def get(self, key: str) -> bytes: ...

    def check(self, keys: list[str]) -> bool: ...


class Job:
    """This process as rank `rank` of `ranks`; a single process waits for nothing."""

    def __init__(self, rank: int = 0, ranks: int = 1, control: dist.ProcessGroup | None = None) -> None:
        self.rank = rank
        self.ranks = ranks
        self._control = control

    def wait(self) -> None:
        """Wait until every rank is here."""
        self.gather("")

    def gather(self, text: str) -> list[str]:
        """The `text` of each rank, in order of ranks, on every rank."""
        if self._control is None:
            return [text]
        texts: list[Any] = [None] * self.ranks
        dist.all_gather_object(texts, text, group=self._control)
        return [str(part) for part in texts]

    def hear(self, text: str = "") -> str:
        """The `text` of rank 0, on every rank."""
        return self.gather(text)[0]

    def any(self, flag: bool) -> bool:
        """Whether `flag` is true on any rank."""
        return any(self.gather("yes" if flag else ""))

    def agree(self, problem: str) -> None:
        """Raise `AuroraError` on every rank if any has a `problem`."""
        if problems := [part for part in self.gather(problem) if part]:
            raise AuroraError(problems[0])

    @contextmanager
    def together(self) -> Iterator[None]:
        """Raise an `AuroraError` of the body on one rank on every rank."""
        problem = ""
        try:
            yield
        except AuroraError as error:
            problem = str(error)
        self.agree(problem)


def started_ranks() -> int:
    """How many processes torchrun started together."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def join() -> Job:
    """Meet the other processes."""
    ranks = started_ranks()
    if ranks == 1:
        return Job()
    if not dist.is_initialized():
        store, rank, _ = next(rendezvous("env://", timeout=MEETING))
        own = PrefixStore(attempt_name(store, rank, ranks, MEETING.total_seconds()), store)
        backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
        dist.init_process_group(backend, store=own, rank=rank, world_size=ranks, timeout=PATIENCE)
    return Job(dist.get_rank(), ranks, _control_group())


def attempt_name(store: Store, rank: int, ranks: int, timeout_seconds: float, pause: float = 0.02) -> str:
    """A name that these `ranks` processes share, whatever earlier ones left in `store`.

    torchrun keeps its store when it restarts ranks, and PyTorch would find the addresses of dead processes there; its
    count of restarts differs between machines. So each rank publishes a random word, rank 0 answers with all words it
    sees and a name, and a rank takes the name when its own word is among them. Raises `AuroraError` where the others do
    not appear within `timeout_seconds`.
    """
    word, end = secrets.token_hex(8), time.monotonic() + timeout_seconds
    others = [f"meeting/{other}" for other in range(1, ranks)]
    if rank:
        store.set(f"meeting/{rank}", word)
    while time.monotonic() < end:
        if rank == 0:
            words = [store.get(key).decode() for key in others] if store.check(others) else []
            store.set("meeting", json.dumps([word, words]))
            taken = [f"meeting/{key}/taken" for key in words]
            if words and store.check(taken) and all(store.get(key).decode() == word for key in taken):
                return word
        elif store.check(["meeting"]):
            name, words = json.loads(store.get("meeting"))
            if word in words:
                store.set(f"meeting/{word}/taken", name)
                return str(name)
        time.sleep(pause)
    raise AuroraError(
        f"Rank {rank} has waited {timeout_seconds:.0f} s for the other {ranks - 1} processes: see their logs for why "
        "they did not start."
    )


@cache
def _control_group() -> dist.ProcessGroup:
    group: dist.ProcessGroup = dist.new_group(backend="gloo", timeout=PATIENCE)
    return group


def leave() -> None:
    """Close the process groups."""
    if dist.is_initialized():
        _control_group.cache_clear()
        gc.collect()  # a group that is still referenced when the interpreter exits may abort it
        dist.destroy_process_group()

"""Finding the rank that is dead, frozen or stuck, while the others wait for it.

One decision: every rank reports once a second, from a thread, that it is alive and what it does, to torchrun's store,
which outlives any rank. Backends differ in when a collective times out, and none can say which rank is missing; here
any rank sees it, names it and ends the run, and torchrun starts it again from the last checkpoint.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from aurora.console.terminal import write
from aurora.training.process.job import Store

COMPUTING = "forward and backward"


class Heartbeat:
    """This rank's reports, and a watch over those of the others; call `note` when an operation begins.

    `give_up` is called with the rank that has been silent for `timeout_seconds`, or has computed one step for twice as
    long: twice, because ranks that wait for a silent one look busy too and must not be named instead of it.
    """

    def __init__(
        self,
        store: Store,
        rank: int,
        ranks: int,
        timeout_seconds: float,
        give_up: Callable[[str], object],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._rank = rank
        self._ranks = ranks
        self._timeout = timeout_seconds
        self._give_up = give_up
        self._clock = clock
        self._doing = ("the start of a stage", clock())
        self._seen: dict[int, tuple[str, float]] = {}

    def note(self, operation: str) -> None:
        """Report that this rank begins `operation`."""
        self._doing = (operation, self._clock())
        self._report()

    def beat(self) -> None:
        """Report that this rank is alive, then check the others."""
        self._report()
        now = self._clock()
        for rank in range(self._ranks):
            if rank != self._rank and self._store.check([_key(rank)]):
                self._check(rank, self._store.get(_key(rank)).decode(), now)

    def _report(self) -> None:
        operation, since = self._doing
        now = self._clock()
        self._store.set(_key(self._rank), json.dumps([now, operation, now - since]))

    def _check(self, rank: int, report: str, now: float) -> None:
        """Clocks of machines differ, so silence counts from when this rank first saw the other's last report."""
        if self._seen.get(rank, ("", 0.0))[0] != report:
            self._seen[rank] = (report, now)
        _, operation, busy = json.loads(report)
        silent = now - self._seen[rank][1]
        if silent >= self._timeout:
            self._give_up(f"Rank {rank} has not responded for {silent:.0f} s; its last operation was {operation}.")
        elif busy >= 2 * self._timeout and operation.endswith(COMPUTING):
            self._give_up(f"Rank {rank} has been stuck in {operation} for {busy:.0f} s.")


@contextmanager
def heartbeat(rank: int, ranks: int, timeout_seconds: float) -> Iterator[Heartbeat | None]:
    """Beat in a thread while the block runs; None for a single process, which has no others to watch."""
    if ranks == 1:
        yield None
        return
    import torch.distributed as dist

    heart = Heartbeat(dist.distributed_c10d._get_default_store(), rank, ranks, timeout_seconds, _end)
    stopped = threading.Event()

    def run() -> None:
        # Four beats per timeout at least, so that one late beat is not taken for silence.
        while not stopped.wait(min(1.0, timeout_seconds / 4)):
            try:
                heart.beat()
            except RuntimeError:  # the store is gone, and so is torchrun, which ends its ranks
                return

    heart.beat()
    thread = threading.Thread(target=run, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield heart
    finally:
        stopped.set()
        thread.join()


def _key(rank: int) -> str:
    return f"heartbeat/{rank}"


def _end(problem: str) -> None:
    """End the process: this thread cannot wake the main one, which waits inside a collective."""
    advice = "The run ends; start it again, or use torchrun --max-restarts, to go on from the last checkpoint."
    write(f"Error: {problem} {advice}", err=True)
    os._exit(1)

"""Finding the rank that is dead, frozen or stuck, while the others wait for it.

One decision: every rank says once a second, from a thread, that it is alive and what it does, to the store that
torchrun keeps outside of them all. Backends differ in when a collective gives up and none can say who is missing; here
any rank sees it, names it and ends the run, and torchrun starts it again from the last checkpoint.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from aurora.terminal import write
from aurora.training.process.job import Store

COMPUTING = "forward and backward"


class Heartbeat:
    """This rank's signs of life, and the watch over the others'; `note` what begins.

    `give_up` is told which rank has been silent for `timeout_seconds`, or computes one step for twice as long: those
    that wait for a silent one are busy too, and must not be named for it.
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
        """From now on this rank does `operation`."""
        self._doing = (operation, self._clock())
        self._say()

    def beat(self) -> None:
        """Say that this rank lives, then look at the others."""
        self._say()
        now = self._clock()
        for rank in range(self._ranks):
            if rank != self._rank and self._store.check([_key(rank)]):
                self._look_at(rank, self._store.get(_key(rank)).decode(), now)

    def _say(self) -> None:
        operation, since = self._doing
        now = self._clock()
        self._store.set(_key(self._rank), json.dumps([now, operation, now - since]))

    def _look_at(self, rank: int, said: str, now: float) -> None:
        """Clocks of machines differ, so silence is counted from when this rank first saw what the other said last."""
        if self._seen.get(rank, ("", 0.0))[0] != said:
            self._seen[rank] = (said, now)
        _, operation, busy = json.loads(said)
        silent = now - self._seen[rank][1]
        if silent >= self._timeout:
            self._give_up(f"Rank {rank} has given no sign of life for {silent:.0f} s; it was in {operation}.")
        elif busy >= 2 * self._timeout and operation.endswith(COMPUTING):
            self._give_up(f"Rank {rank} has been in {operation} for {busy:.0f} s and does not get on.")


@contextmanager
def heartbeat(rank: int, ranks: int, timeout_seconds: float) -> Iterator[Heartbeat | None]:
    """Beat in a thread while the block runs; alone there is nobody to watch."""
    if ranks == 1:
        yield None
        return
    import torch.distributed as dist

    heart = Heartbeat(dist.distributed_c10d._get_default_store(), rank, ranks, timeout_seconds, _end)
    stopped = threading.Event()

    def run() -> None:
        while not stopped.wait(min(1.0, timeout_seconds / 4)):
            try:
                heart.beat()
            except RuntimeError:  # the store went with torchrun itself, which ends its ranks
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
    """A thread cannot wake what waits inside a collective, so the process ends here."""
    advice = "The run ends; under torchrun --max-restarts it goes on from its last checkpoint."
    write(f"Error: {problem} {advice}", err=True)
    os._exit(1)

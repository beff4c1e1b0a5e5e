"""Stopping a stage when the terminal or the scheduler asks for it.

One decision: a signal only leaves a note; the loop reads it after each step, saves, and then leaves the way the signal
would have by itself.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from aurora.progress import say

# Ctrl-C, the end of a job, what Slurm sends some time before that (`--signal=USR1@300`), and a terminal that is closed.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGHUP)


class StopRequest:
    """Whether a signal asked the process to stop after the current step."""

    def __init__(self) -> None:
        self._number: int | None = None

    @property
    def asked(self) -> bool:
        """Whether a signal came."""
        return self._number is not None

    def receive(self, number: int, frame: FrameType | None) -> None:
        """The signal handler; a second Ctrl-C does not wait any longer."""
        if number == signal.SIGINT and self._number == number:
            raise KeyboardInterrupt
        self._number = number

    def leave(self, message: str) -> NoReturn:
        """Say `message` and raise what the signal raises by default; on a rank that got none itself, as by SIGTERM."""
        say(message)
        if self._number == signal.SIGINT:
            raise KeyboardInterrupt(message)  # so that whoever catches it knows that it is said
        raise SystemExit(128 + (self._number or signal.SIGTERM))


@contextmanager
def stop_requests() -> Iterator[StopRequest]:
    """Note `SIGNALS` instead of dying by them; outside the main thread Python does not allow it.

    A hang-up that is ignored, as by `nohup`, stays so.
    """
    stop = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    ignored = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    noted = [number for number in SIGNALS if number != signal.SIGHUP or not ignored]
    before = {number: signal.signal(number, stop.receive) for number in noted}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

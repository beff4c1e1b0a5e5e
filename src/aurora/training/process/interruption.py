"""Stopping a stage when the terminal or the scheduler asks for it.

One decision: a signal only sets a flag; the training loop checks it after each step, saves, and then exits the way the
signal itself would have.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from aurora.console.progress import say

# Ctrl-C, the end of a job, the warning that Slurm sends before it (`--signal=USR1@300`), and a closed terminal.
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
        """The signal handler; a second Ctrl-C stops at once."""
        if number == signal.SIGINT and self._number == number:
            raise KeyboardInterrupt
        self._number = number

    def leave(self, message: str) -> NoReturn:
        """Print `message` and raise what the signal raises by default (SIGTERM on a rank that got none itself)."""
        say(message)
        if self._number == signal.SIGINT:
            raise KeyboardInterrupt(message)  # with the message, so that the command line does not print another
        raise SystemExit(128 + (self._number or signal.SIGTERM))  # a shell's exit code for death by a signal


@contextmanager
def stop_requests() -> Iterator[StopRequest]:
    """Record `SIGNALS` instead of dying by them (in the main thread, as Python allows no other).

    An ignored hang-up, as under `nohup`, stays ignored.
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

"""What a command prints and how it ends when a signal stops it.

One decision: a signal raises an exception where the command is, so that files are closed and locks released; every
write is atomic, so the same command resumes where it stopped. If the command does not return to Python, as in a long
call of a library, a thread prints the sentence after `PATIENCE_SECONDS` and ends the process. A stage in training
installs its own handlers in front, and saves first.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from aurora.console.terminal import write

# The end of a job, a terminal that is closed, and what Slurm sends some time before (`--signal=USR1@300`); Ctrl-C has
# Python's own exception.
SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)
PATIENCE_SECONDS = 10.0

_AGAIN = "run the same command again to go on where it stopped."


class Stopped(SystemExit):
    """A signal has asked the process to end; whoever lets `SystemExit` pass lets it pass, too."""

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.number = number


def sentence(number: int) -> str:
    """What is said of a command that a signal has stopped."""
    how = "Interrupted" if number == signal.SIGINT else f"Stopped by {signal.Signals(number).name}"
    return f"{how}; {_AGAIN}"


def interruption(error: BaseException) -> tuple[int, str]:
    """Exit code and sentence of a Ctrl-C; a stage in training has said its own and gives it with the exception."""
    said = any(cause.args for cause in (error, error.__cause__) if isinstance(cause, KeyboardInterrupt))
    return 128 + signal.SIGINT, "" if said else sentence(signal.SIGINT)


@contextmanager
def answered() -> Iterator[None]:
    """Let signals raise `Stopped` in the block; those that are ignored (as by `nohup`) stay so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    mine = [number for number in SIGNALS if signal.getsignal(number) == signal.SIG_DFL]
    for number in mine:
        signal.signal(number, _stop)
    earlier = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    watch = threading.Thread(target=_watch, args=(reading,), name="signals", daemon=True)
    watch.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(earlier)
        for number in mine:
            signal.signal(number, signal.SIG_DFL)
        os.close(writing)  # which ends the thread
        watch.join()
        os.close(reading)


def _stop(number: int, frame: FrameType | None) -> None:
    """The handler, in the main thread."""
    raise Stopped(number)


def _watch(reading: int) -> None:
    """Hear of every signal at once, and end the process where the main thread does not; until the pipe is closed."""
    left = threading.Event()
    while numbers := os.read(reading, 1):
        if signal.getsignal(numbers[0]) == _stop:
            threading.Thread(target=_end, args=(numbers[0], left), daemon=True).start()
    left.set()


def _end(number: int, left: threading.Event) -> None:
    if not left.wait(PATIENCE_SECONDS):
        _say(sentence(number))
        os._exit(128 + number)


class _Forks:
    """Keeps forks apart: their signals wait until they have left our pipe, and end them as they would without us."""

    def __init__(self) -> None:
        self._mask: set[int] = set()
        os.register_at_fork(before=self._before, after_in_parent=self._in_parent, after_in_child=self._in_child)

    def _before(self) -> None:
        self._mask = {*signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)}

    def _in_parent(self) -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)

    def _in_child(self) -> None:
        signal.set_wakeup_fd(-1)
        for number in SIGNALS:
            if signal.getsignal(number) == _stop:
                signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)


_FORKS = _Forks()


def _say(text: str) -> None:
    if os.environ.get("RANK", "0") == "0":  # of the processes of torchrun only the first speaks
        write(f"\n{text}", err=True)

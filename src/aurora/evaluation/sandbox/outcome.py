"""What a program may use, and what became of it.

One decision: processor time decides, not the clock. A busy machine makes a program slow, and a slow program is not a
wrong one; the clock only ends those that sleep.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MEBIBYTE = 1 << 20

Status = Literal[
    "finished",  # it ended with exit code 0
    "failed",  # it ended with another, or by a signal
    "not built",  # its compiler refused it
    "out of time",
    "out of memory",
    "too much output",
    "not run",  # the sandbox or a tool failed: nothing is known of the program
]


@dataclass(frozen=True)
class Limits:
    """What a program may use. Memory is that of all of its processes together; files live in memory and come on top."""

    cpu_seconds: int = 10  # of all processes
    seconds: float = 30.0  # by the clock, for programs that wait
    build_seconds: float = 120.0  # by the clock; also of processor time
    memory: int = 1024 * MEBIBYTE
    files: int = 256 * MEBIBYTE
    output: int = MEBIBYTE  # bytes of stdout, and of stderr
    processes: int = 128  # and threads
    open_files: int = 256


@dataclass(frozen=True)
class Outcome:
    """What became of a program. `why` says why it was not run, and is empty otherwise."""

    status: Status
    exit_code: int | None = None  # 128 + the signal that ended it
    stdout: str = ""
    stderr: str = ""
    seconds: float = 0.0  # by the clock, without building
    why: str = ""


def not_run(why: str) -> Outcome:
    """The outcome of a program that could not be run."""
    return Outcome("not run", why=why)

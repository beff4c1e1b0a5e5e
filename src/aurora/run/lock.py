"""The lock of a run.

One decision: it is an operating-system lock on a file, which is released when its process ends, however it ends; so a
run never stays locked after a crash.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aurora.errors import UserError
from aurora.files import explained
from aurora.run.folder import RunFolder

LONGEST_ID = 32  # characters of a process id and a line end


def _which(descriptor: int) -> str:
    """The process that holds the lock, and since when, where it has said so."""
    process = os.pread(descriptor, LONGEST_ID, 0).decode("ascii", "replace").strip()
    if not process.isdigit():
        return ""
    return (
        f" (process {process}, since {time.strftime('%Y-%m-%d %H:%M', time.localtime(os.fstat(descriptor).st_mtime))})"
    )


@contextmanager
def locked(run: Path) -> Iterator[None]:
    """Keep other processes from working on a run; `UserError` where one does."""
    with explained(run):
        run.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(RunFolder(run).lock, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UserError(
                f"Another process is working on {run}{_which(descriptor)}: wait for it or end it, or choose another "
                "--output."
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)

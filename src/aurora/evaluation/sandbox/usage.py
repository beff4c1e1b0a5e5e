"""What a process and all that it started use: memory and processor time.

One decision: read from /proc, which every user may. Control groups would count to the byte, but few users may make
one. A limit on the memory of each process holds in between two looks.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_CLOCK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Usage:
    """Of a tree of processes: bytes of memory that no file backs, and seconds of processor time."""

    memory: int = 0
    cpu_seconds: float = 0.0


def usage_of(process: int) -> Usage:
    """Of `process` and everything below it; processes that end meanwhile count for nothing."""
    memory, ticks = 0, 0
    waiting = [process]
    while waiting:
        one = waiting.pop()
        try:
            with open(f"/proc/{one}/stat", "rb") as file:
                # Behind the name, which may hold spaces and brackets; the last two are of children that have ended.
                fields = file.read().rpartition(b")")[2].split()
            ticks += sum(map(int, fields[11:15]))
            with open(f"/proc/{one}/status", "rb") as file:
                for line in file:
                    if line.startswith((b"RssAnon:", b"RssShmem:")):
                        memory += 1024 * int(line.split()[1])
        except (OSError, IndexError, ValueError):
            continue
        waiting += children_of(one)
    return Usage(memory, ticks / _CLOCK)


def children_of(process: int) -> list[int]:
    """The processes that a process started and that live; none where it has ended."""
    found: list[int] = []
    with suppress(OSError):
        for thread in Path(f"/proc/{process}/task").iterdir():  # each lists its own
            found += map(int, (thread / "children").read_bytes().split())
    return found

"""Progress bars and closing lines, all on standard error.

One decision: standard output belongs to data (`--json`) and to the answer a command was asked for; everything that
tells a person how far a step is goes to standard error, and is quiet when that is not a terminal.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tqdm import tqdm

from aurora.terminal import line, plain

# Of the processes of torchrun only the first speaks.
_FOLLOWS = os.environ.get("RANK", "0") != "0"


@contextmanager
def progress(label: str, total: float | None, unit: str, initial: float = 0, scale: bool = True) -> Iterator[tqdm[Any]]:
    """A bar with rate and time left. Call `.update(amount)` in `unit`s and `.set_postfix_str(text)` for a note."""
    with tqdm(
        total=total,
        initial=initial,
        unit=unit,
        unit_scale=scale,
        desc=line(label),
        file=sys.stderr,
        leave=False,
        dynamic_ncols=True,
        mininterval=0.5,
        disable=True if _FOLLOWS else None,
    ) as bar:
        yield bar


def say(text: str) -> None:
    """One line for the person at the terminal."""
    if not _FOLLOWS:
        tqdm.write(plain(text), file=sys.stderr)

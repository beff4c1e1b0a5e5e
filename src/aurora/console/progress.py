"""Progress bars and closing lines, all on standard error.

One decision: standard output belongs to data (`--json`) and to the answer a command was asked for; everything that
tells a person how far a step is goes to standard error. In a terminal that is a bar, which moves every second even
while nothing can be counted (kernels compile, a worker starts); in a log it is a line a minute.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tqdm import tqdm

from aurora.console.terminal import line, plain, write

# A person sees a bar move within a second; a log keeps its lines, so an hour may add 60 of them.
BAR_SECONDS, LINE_SECONDS = 1.0, 60.0
# Without the bar itself, which a log would not redraw.
_LINE = "{desc}: {percentage:.0f}%, {n_fmt}/{total_fmt} in {elapsed}, {remaining} left, {rate_fmt}{postfix}"
_LINE_WITHOUT_TOTAL = "{desc}: {n_fmt}{unit} in {elapsed}, {rate_fmt}{postfix}"
# An amount is counted as its parts end: until the first has, only the time is known.
_NOTHING_COUNTED = "{desc}: {elapsed}{postfix}"
# Of torchrun's processes only rank 0 prints.
_FOLLOWS = os.environ.get("RANK", "0") != "0"


@contextmanager
def progress(label: str, total: float | None, unit: str, initial: float = 0, scale: bool = True) -> Iterator[tqdm[Any]]:
    """A bar with rate and time left. Call `.update(amount)` in `unit`s and `.set_postfix_str(text)` for a note."""
    drawn = sys.stderr.isatty()
    with tqdm(
        total=total,
        initial=initial,
        unit=unit,
        unit_scale=scale,
        desc=line(label),
        file=sys.stderr if drawn else _Nowhere(),
        leave=False,
        dynamic_ncols=drawn,
        mininterval=0.5,
        disable=_FOLLOWS,
    ) as bar:
        ended = threading.Event()
        bar.bar_format = _NOTHING_COUNTED if total is None and not initial else None
        every, show = (BAR_SECONDS, _redraw) if drawn else (LINE_SECONDS, _write_line)
        thread = threading.Thread(target=_keep_showing, args=(ended, every, show, bar), name="progress", daemon=True)
        if not _FOLLOWS:
            thread.start()
        try:
            yield bar
        finally:
            ended.set()
            if not _FOLLOWS:
                thread.join()  # otherwise it could draw a closed bar again


def say(text: str) -> None:
    """Print one line for the person at the terminal."""
    if not _FOLLOWS:
        tqdm.write(plain(text), file=sys.stderr)


def _keep_showing(ended: threading.Event, every: float, show: Callable[[tqdm[Any]], None], bar: tqdm[Any]) -> None:
    while not ended.wait(every):
        show(bar)


def _redraw(bar: tqdm[Any]) -> None:
    if bar.n:
        bar.bar_format = None
    bar.refresh()


def _write_line(bar: tqdm[Any]) -> None:
    """The state of a bar as a line of a log."""
    shape = _LINE if bar.total else _LINE_WITHOUT_TOTAL if bar.n else _NOTHING_COUNTED
    state = {**bar.format_dict, "ncols": None, "bar_format": shape}
    write(f"  {tqdm.format_meter(**state)}", err=True)


class _Nowhere:
    """A stream that drops a bar's drawing, for logs, which it would fill."""

    def write(self, text: str) -> int:
        """Takes the text, and drops it."""
        return len(text)

    def flush(self) -> None:
        """Nothing waits."""

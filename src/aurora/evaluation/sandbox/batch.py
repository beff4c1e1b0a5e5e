"""Many programs at once, each in its own jail, with progress.

One decision: threads wait, processes work. A program takes a core and Aurora none, so there are as many threads as
cores; when Aurora is interrupted they end their programs first.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed

from aurora.console.progress import progress
from aurora.evaluation.sandbox.jail import require_jail
from aurora.evaluation.sandbox.outcome import Limits, Outcome
from aurora.evaluation.sandbox.running import run
from aurora.evaluation.sandbox.toolchains.known import toolchain


def ready(languages: Sequence[str], unsafe: bool = False) -> None:
    """`UserError` where programs in one of the languages cannot be run; to be called before anything is generated."""
    require_jail(unsafe)
    for language in dict.fromkeys(languages):
        toolchain(language)


def run_all(
    programs: Sequence[tuple[str, str]],
    limits: Limits | None = None,
    *,
    unsafe: bool = False,
    workers: int | None = None,
    label: str = "Programs",
) -> list[Outcome]:
    """The outcomes of (program, language) pairs, in their order; the same program is run once.

    Raises `UserError` before the first one where a language cannot be run.
    """
    ready([language for _, language in programs], unsafe)
    different = list(dict.fromkeys(programs))
    outcomes: dict[tuple[str, str], Outcome] = {}
    stop = threading.Event()
    with (
        ThreadPoolExecutor(workers or cores(), thread_name_prefix="sandbox") as pool,
        progress(label, len(different), " programs", scale=False) as bar,
    ):
        waiting: dict[Future[Outcome], tuple[str, str]] = {
            pool.submit(run, *one, limits, unsafe=unsafe, stop=stop): one for one in different
        }
        try:
            for done in as_completed(waiting):
                outcomes[waiting[done]] = done.result()
                bar.update(1)
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise
    return [outcomes[one] for one in programs]


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

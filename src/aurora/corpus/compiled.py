"""The compiler of the kernels: machine code kept between runs, and run without the interpreter's lock.

One decision: only entry points are cached, under a mark of all kernel sources. Numba looks at the file of the cached
function alone, and would go on running an old helper that had since changed in the file beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any

import xxhash
from numba import njit

KERNELS = (
    "scanning.py",
    "spans.py",
    "ngrams.py",
    "measuring.py",
    "kernels.py",
    "characters.py",
    "folding.py",
    "overlap.py",
    "flagged.py",
)


def compiled(function: Callable[..., Any]) -> Any:
    """A helper: compiled into the entry points that call it."""
    return njit(nogil=True, error_model="numpy")(function)


def entry_point(function: Callable[..., Any]) -> Any:
    """A function called from Python: compiled once for the sources as they stand."""
    dispatcher: Any = njit(nogil=True, cache=True, error_model="numpy")(function)
    dispatcher._cache._cache_file._source_stamp = _mark_of_sources()
    return dispatcher


@cache
def _mark_of_sources() -> str:
    folder = files("aurora.corpus")
    return xxhash.xxh3_128_hexdigest(b"\0".join((folder / name).read_bytes() for name in KERNELS))

"""Memory of a process that trains: kept where it is freed and asked for again in each step, and given back before work
of another kind.

One decision: both are asked of glibc from inside the program, so that nobody has to export variables or preload an
allocator. With other C libraries (macOS, musl) nothing is done.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable

# mallopt(3): numbers and values of M_TRIM_THRESHOLD (never give memory back), M_TOP_PAD (ask for 64 MiB more at a time)
# and M_MMAP_THRESHOLD (a mapping of its own from 1 GiB on only); where an older glibc refuses the third, M_MMAP_MAX
# (no mappings at all).
_TRIM, _PAD, _MAPPED, _NEVER_MAPPED = (-1, 2**31 - 1), (-2, 64 * 2**20), (-3, 2**30), (-4, 0)

# Read by torch and oneDNN when they first compute. Tensors aligned to huge pages leave room beside them for small
# blocks that stay, which would otherwise fragment free memory. And oneDNN keeps 1024 compiled products by default, up
# to a megabyte each and one for every shape: evaluating sequences of every length would take gigabytes.
_MEMORY_VARIABLES = {"THP_MEM_ALLOC_ENABLE": "1", "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "128"}


def keep_memory() -> None:
    """Let freed memory stay with the process, in one piece.

    By default glibc returns every large tensor to the kernel when it is freed, and each training step faults the same
    gigabyte in again. Variables that the user exported stay.
    """
    for name, value in _MEMORY_VARIABLES.items():
        os.environ.setdefault(name, value)
    mallopt = _glibc("mallopt")
    if mallopt is not None:
        mallopt(*_TRIM)
        mallopt(*_PAD)
        if not mallopt(*_MAPPED):
            mallopt(*_NEVER_MAPPED)


def give_back_memory() -> None:
    """Return to the kernel, and to an accelerator, what is free: before work that asks for blocks of other sizes, and
    counts what the device has left."""
    trim = _glibc("malloc_trim")
    if trim is not None:
        trim(0)
    import torch

    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        torch.cuda.empty_cache()


def _glibc(name: str) -> Callable[..., int] | None:
    """A function of the C library; None where that has none of this name."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform.startswith("linux") else None

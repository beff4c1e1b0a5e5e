"""Memory that is kept between steps and given back before other work; each in a process of its own, since what other
tests left of the heap would decide otherwise."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest
import torch

from aurora.training.process import memory

GLIBC = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is asked to keep memory")
BEGINNING = """
import resource
from pathlib import Path
import torch
from aurora.training.process.memory import give_back_memory, keep_memory

keep_memory()
"""
LARGE_TENSORS = """
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.ones(10 * 2**20)  # 40 MB, more than glibc ever keeps by itself
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

print(min(faults() for _ in range(4)))
"""
SMALL_BLOCKS = """
blocks = [torch.ones(2**18) for _ in range(200)]  # 200 MB, some of which stay in between
blocks = blocks[::20]
held = lambda: int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
before = held()
give_back_memory()
print(before - held())
"""


def printed(program: str) -> int:
    """The number that a program prints after it was told to keep its memory."""
    told = subprocess.run([sys.executable, "-c", BEGINNING + program], capture_output=True, text=True, check=True)
    return int(told.stdout)


@GLIBC
def test_memory_is_kept_and_not_faulted_in_again() -> None:
    assert printed(LARGE_TENSORS) < 1000  # fresh memory is 10240 pages


@GLIBC
def test_what_is_free_is_given_back() -> None:
    assert printed(SMALL_BLOCKS) > 150e6


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    memory.keep_memory()
    memory.give_back_memory()
    assert memory._glibc("malloc_trim") is None


@pytest.mark.parametrize("used", [True, False])
def test_an_accelerator_gets_its_memory_back_where_one_is_used(monkeypatch: pytest.MonkeyPatch, used: bool) -> None:
    given: list[bool] = []
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: used)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: given.append(True))
    memory.give_back_memory()
    assert given == [True] * used

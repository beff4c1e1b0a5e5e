"""The filter of system calls, run by a small machine of ours for both processors."""

from __future__ import annotations

import errno
import struct

import pytest

from aurora.errors import UserError
from aurora.evaluation.sandbox.system_calls import seccomp_filter

ALLOWED, KILLED = 0x7FFF0000, 0x80000000
ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
NUMBERS = {
    "x86_64": {"read": 0, "clone": 56, "clone3": 435, "socket": 41, "ioctl": 16, "ptrace": 101, "keyctl": 250},
    "aarch64": {"read": 63, "clone": 220, "clone3": 435, "socket": 198, "ioctl": 29, "ptrace": 117, "keyctl": 219},
}


def verdict(machine: str, number: int, *arguments: int, architecture: int | None = None) -> int:
    """What the filter returns for a call; an error as its number."""
    call = struct.pack("=IIQ", number, architecture or ARCHITECTURE[machine], 0)
    call += b"".join(struct.pack("=Q", one) for one in (*arguments, 0, 0))
    steps = list(struct.iter_unpack("=HBBI", seccomp_filter(machine)))
    at, held = 0, 0
    while True:
        code, if_so, if_not, value = steps[at]
        if code == 0x20:
            (held,) = struct.unpack_from("=I", call, value)
            at += 1
        elif code == 0x06:
            return value & 0xFFFF if value >> 16 == 5 else value
        else:
            holds = {0x15: held == value, 0x35: held >= value, 0x45: bool(held & value)}[code]
            at += 1 + (if_so if holds else if_not)


@pytest.mark.parametrize("machine", NUMBERS)
def test_what_is_forbidden_and_what_is_not(machine: str) -> None:
    numbers = NUMBERS[machine]
    assert verdict(machine, numbers["read"]) == ALLOWED
    assert verdict(machine, numbers["ptrace"]) == verdict(machine, numbers["keyctl"]) == errno.EPERM
    assert verdict(machine, numbers["clone3"]) == errno.ENOSYS
    assert verdict(machine, numbers["clone"], 0x11 | 0x100) == ALLOWED  # a child, or a thread
    assert verdict(machine, numbers["clone"], 0x11 | 0x10000000) == errno.EPERM  # a user namespace
    assert verdict(machine, numbers["socket"], 1) == ALLOWED
    assert {verdict(machine, numbers["socket"], family) for family in (2, 10, 16, 17, 38, 40)} == {errno.EAFNOSUPPORT}
    assert verdict(machine, numbers["ioctl"], 1, 0x5413) == ALLOWED  # a window's size
    assert verdict(machine, numbers["ioctl"], 1, 0x5412) == verdict(machine, numbers["ioctl"], 1, 0x541C) == errno.EPERM


def test_other_ways_into_the_kernel_are_closed() -> None:
    assert verdict("x86_64", 0, architecture=0x40000003) == KILLED  # 32 bits
    assert verdict("x86_64", 0x40000000 | 101) == errno.EPERM  # x32
    assert verdict("aarch64", 0, architecture=0xC000003E) == KILLED


def test_an_unknown_processor_is_refused() -> None:
    with pytest.raises(UserError, match="riscv64 processor"):
        seccomp_filter("riscv64")

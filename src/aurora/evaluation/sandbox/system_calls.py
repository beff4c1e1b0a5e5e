"""The system calls that a sandboxed program cannot make, as a seccomp filter.

One decision: a list of what is forbidden, not of what is allowed. Ten languages' runtimes and those to come use most of
the kernel's ordinary calls; what is forbidden reaches other processes, changes the machine or makes namespaces. The
filter is one wall of several: without capabilities, network and files, most of these calls would fail anyway.
"""

from __future__ import annotations

import platform
import struct
from errno import EAFNOSUPPORT, ENOSYS, EPERM
from functools import cache

from aurora.errors import UserError

# Number on x86_64, number on aarch64 (None: it does not exist there), as in the kernel's headers.
_FORBIDDEN: dict[str, tuple[int, int | None]] = {
    # reading, writing and steering other processes
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "process_madvise": (440, 440),
    # keys of the kernel, which no namespace separates
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    # mounts and namespaces
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "setns": (308, 268),
    "unshare": (272, 97),
    # wide interfaces in which most of the kernel's holes were found
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "fanotify_init": (300, 262),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    # the machine itself
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "syslog": (103, 116),
    "vhangup": (153, 58),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "mknod": (133, None),
    "mknodat": (259, 33),
    "iopl": (172, None),
    "ioperm": (173, None),
    "modify_ldt": (154, None),
    "uselib": (134, None),
    "personality": (135, 92),
    # memory that no limit of a process counts
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
}
_CLONE, _CLONE3, _SOCKET, _IOCTL = (56, 220), (435, 435), (41, 198), (16, 29)
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # as the kernel's audit names them
_X32 = 0x40000000  # calls of x86_64's other ABI have this bit
_NAMESPACES = 0x7E020000  # all CLONE_NEW* that clone() takes
_AF_UNIX = 1  # AF_VSOCK and AF_NETLINK among others reach outside a network namespace
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C  # they type into a terminal

# Classic BPF: load a word of the call's description, compare it, return a verdict.
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST, _SECOND = 0, 4, 16, 24  # offsets; the low halves of arguments
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000


@cache
def seccomp_filter(machine: str = "") -> bytes:
    """The filter in the form that the kernel and bubblewrap take; `UserError` for a processor it is not written for."""
    machine = machine or platform.machine()
    if machine not in _ARCHITECTURES:
        raise UserError(
            f"Generated code cannot be run safely on a {machine} processor: the filter of system calls is written for "
            f"{' and '.join(_ARCHITECTURES)}; evaluate tasks of code on such a machine."
        )
    column = list(_ARCHITECTURES).index(machine)
    steps = [(_LOAD, 0, 0, _ARCHITECTURE), (_EQUAL, 1, 0, _ARCHITECTURES[machine]), (_RETURN, 0, 0, _KILL)]
    steps += [(_LOAD, 0, 0, _NUMBER)]
    if machine == "x86_64":
        steps += [(_AT_LEAST, 0, 1, _X32), _error(EPERM)]
    # libc falls back to clone(), whose flags a filter can see.
    steps += [(_EQUAL, 0, 1, _CLONE3[column]), _error(ENOSYS)]
    # A call that the first comparison does not name jumps over the others; afterwards its number is not needed again.
    steps += [(_EQUAL, 0, 4, _CLONE[column]), (_LOAD, 0, 0, _FIRST), (_ANY_BIT, 0, 1, _NAMESPACES)]
    steps += [_error(EPERM), _allow()]
    steps += [(_EQUAL, 0, 4, _SOCKET[column]), (_LOAD, 0, 0, _FIRST), (_EQUAL, 1, 0, _AF_UNIX)]
    steps += [_error(EAFNOSUPPORT), _allow()]
    steps += [(_EQUAL, 0, 5, _IOCTL[column]), (_LOAD, 0, 0, _SECOND), (_EQUAL, 1, 0, _TIOCSTI)]
    steps += [(_EQUAL, 0, 1, _TIOCLINUX), _error(EPERM), _allow()]
    for numbers in _FORBIDDEN.values():
        number = numbers[column]
        if number is not None:
            steps += [(_EQUAL, 0, 1, number), _error(EPERM)]
    steps += [_allow()]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def _error(number: int) -> tuple[int, int, int, int]:
    return _RETURN, 0, 0, _ERROR | number


def _allow() -> tuple[int, int, int, int]:
    return _RETURN, 0, 0, _ALLOW

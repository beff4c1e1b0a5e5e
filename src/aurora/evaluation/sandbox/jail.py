"""The jail of a program: bubblewrap with a file system, processes, network and a user of its own.

One decision: everything goes in through file descriptors and comes out through pipes. No folder of the host is shared
for writing, so nothing has to be cleaned up, and two programs never meet. Run by root, the program becomes a user who
owns nothing; run by anybody else, it stays that user inside a namespace in which it is `nobody`.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from aurora.errors import UserError
from aurora.evaluation.sandbox.outcome import Limits
from aurora.evaluation.sandbox.system_calls import seccomp_filter
from aurora.evaluation.sandbox.toolchains.found import Toolchain
from aurora.evaluation.sandbox.usage import children_of

HOME = "/tmp"  # where a program lies, works and may write
PATH = "/usr/local/bin:/usr/bin:/bin"
STARTED, RUNNING = b"s", b"r"  # what the script says on its mark: the jail stands; what follows is the program itself
_SECONDS = 20  # for a jail to stand, on a busy machine
# Users of their own for jails that root starts, so that limits on processes are counted for each: the last free ones
# before `nobody`, and others for another Aurora.
_FIRST_USER, _USERS = 50_000, 10_000
_users = itertools.count(os.getpid() * 101)


@contextmanager
def started(sources: Mapping[str, bytes], toolchain: Toolchain, limits: Limits, unsafe: bool) -> Iterator[Jailed]:
    """The process in which `toolchain` builds and runs `sources`, and the pipe of its marks; dead when the block ends.

    Its standard output and error are pipes. `unsafe` runs it without a jail, with limits alone.
    """
    descriptors: list[int] = []
    with ExitStack() as stack:
        reading, writing = os.pipe()
        stack.callback(os.close, reading)
        if unsafe:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="aurora-", ignore_cleanup_errors=True))
            for name, content in sources.items():
                (Path(folder) / name).write_bytes(content)
            command, where = _limited(toolchain, limits, unsafe=True), folder
            environment = {"PATH": PATH, **toolchain.environment, "HOME": folder}
        else:
            command, descriptors = _in_bubblewrap(sources, toolchain, limits, stack)
            where, environment = "/", {}  # what bubblewrap itself is given is readable inside
        try:
            process = subprocess.Popen(
                command,
                stdin=writing,  # the only descriptor whose number a shell knows; the program itself reads /dev/null
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=descriptors,
                cwd=where,
                env=environment,
                start_new_session=True,  # Ctrl-C is for Aurora, which then ends it
            )
        finally:
            os.close(writing)
        jailed = Jailed(process, reading, unsafe)
        stack.callback(jailed.end)
        yield jailed


@dataclass(frozen=True)
class Jailed:
    """A running jail: its outermost process, and the pipe on which its script says how far it is."""

    process: subprocess.Popen[bytes]
    marks: int
    unsafe: bool

    def kill(self) -> None:
        """End the program and all it started."""
        if self.unsafe:
            _kill_group(self.process)  # also when it has ended itself, and left others behind
        elif self.process.poll() is None:
            # With the first process of a namespace die all others. bubblewrap's outermost, which is not in it, takes it
            # along, but not yet while the jail is being made; once it is stopped it makes nothing more.
            self.process.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
            for child in children_of(self.process.pid):
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            self.process.kill()

    def end(self) -> None:
        """Nothing of it stays: neither what it started nor its pipes."""
        self.kill()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        self.process.wait()


def require_jail(unsafe: bool = False) -> None:
    """`UserError` unless programs can be run here; with `unsafe` they always can."""
    if not unsafe and (why := why_no_jail()):
        raise UserError(
            f"Generated code cannot be run safely here: {why}; mend that, leave out tasks of code, or run it "
            "unprotected at your own risk with --unsafe-code."
        )


@cache
def why_no_jail() -> str:
    """Why there is no jail here; empty where there is one."""
    if sys.platform != "linux":
        return "it runs in bubblewrap, which needs Linux"
    if missing := [tool for tool in ("bwrap", "prlimit", "setpriv") if shutil.which(tool) is None]:
        package = "bubblewrap" if missing[0] == "bwrap" else "util-linux"
        return f"`{missing[0]}` is not installed (`apt-get install {package}`)"
    nothing = Toolchain("nothing", "nothing", build="", run="true", version="")
    with started({}, nothing, Limits(), unsafe=False) as jailed:
        try:
            _, said = jailed.process.communicate(timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            return f"bubblewrap did not start within {_SECONDS} s"
        if os.read(jailed.marks, 2) == STARTED + RUNNING:
            return ""
    reason = said.decode(errors="replace").strip().splitlines()
    return f"bubblewrap fails ({reason[-1] if reason else 'it says nothing'}), as in containers without user namespaces"


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _in_bubblewrap(
    sources: Mapping[str, bytes], toolchain: Toolchain, limits: Limits, stack: ExitStack
) -> tuple[list[str], list[int]]:
    """The command line of a jail, and the descriptors that it reads its files from."""
    descriptors: list[int] = []

    def given(content: bytes) -> str:
        descriptor = os.memfd_create("aurora")
        stack.callback(os.close, descriptor)
        os.write(descriptor, content)
        os.lseek(descriptor, 0, os.SEEK_SET)
        descriptors.append(descriptor)
        return str(descriptor)

    root = os.geteuid() == 0
    words = [shutil.which("bwrap") or "bwrap", "--unshare-pid", "--unshare-net", "--unshare-ipc"]
    words += ["--unshare-uts", "--unshare-cgroup-try", "--hostname", "sandbox", "--die-with-parent", "--new-session"]
    if root:
        words += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        words += ["--unshare-user", "--uid", "65534", "--gid", "65534"]
    words += [*_system(), "--proc", "/proc", "--dev", "/dev"]
    for folder, size in (("/dev/shm", limits.files // 4), (HOME, limits.files)):
        words += ["--perms", "1777", "--size", str(size), "--tmpfs", folder]
    words += _toolchain(toolchain)
    for name, content in sources.items():
        words += ["--perms", "0644", "--file", given(content), f"{HOME}/{name}"]
    words += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", HOME, "--clearenv"]
    for key, value in {"PATH": PATH, "HOME": HOME, "LANG": "C.UTF-8", **toolchain.environment}.items():
        words += ["--setenv", key, value]
    words += ["--seccomp", given(seccomp_filter()), "--"]
    if root:
        user = str(_FIRST_USER + next(_users) % _USERS)
        words += ["setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--"]
    return words + _limited(toolchain, limits, unsafe=False), descriptors


def _system() -> Iterator[str]:
    """What of the host's system is seen inside, readable only: programs and libraries, none of its settings."""
    yield from ("--ro-bind", "/usr", "/usr")
    for folder in ("/bin", "/sbin", "/lib", "/lib32", "/lib64"):
        if Path(folder).is_symlink():
            yield from ("--symlink", str(Path(folder).readlink()), folder)
        elif Path(folder).is_dir():
            yield from ("--ro-bind", folder, folder)
    for known in (Path("/etc/alternatives"), Path("/etc/ld.so.cache")):
        if known.exists():
            yield from _shown(known)


def _toolchain(toolchain: Toolchain) -> Iterator[str]:
    for path in toolchain.reads:
        yield from _shown(path)
    for path in toolchain.hidden:
        yield from ("--tmpfs", str(path), "--remount-ro", str(path))


def _shown(path: Path) -> Iterator[str]:
    for folder in reversed(path.parents[:-1]):  # what bubblewrap makes by itself only its own user may enter
        yield from ("--perms", "0755", "--dir", str(folder))
    yield from ("--ro-bind", str(path), str(path))


def _limited(toolchain: Toolchain, limits: Limits, unsafe: bool) -> list[str]:
    """The shell that builds and runs a program within its limits, and says on its mark how far it is."""
    words = ["prlimit", f"--data={limits.memory}", f"--fsize={limits.files}", f"--nofile={limits.open_files}"]
    words += ["--core=0", "--msgqueue=0", "--memlock=65536"]
    words += [f"--cpu={max(int(limits.build_seconds), limits.cpu_seconds + 1)}"]
    if not unsafe:  # on the host it would count the user's other processes too
        words += [f"--nproc={limits.processes}"]
    if unsafe and shutil.which("prlimit") is None:
        words = []
    else:
        words += ["--"]
    return [*words, "sh", "-c", _script(toolchain, limits)]


def _script(toolchain: Toolchain, limits: Limits) -> str:
    # The mark is a descriptor that neither compilers nor programs inherit, so that they cannot say anything on it.
    lines = [
        "exec 3>&0 </dev/null",
        "echo 1000 >/proc/self/oom_score_adj 2>/dev/null",  # where memory ends, the program ends first
        f"printf {STARTED.decode()} >&3",
    ]
    if toolchain.build:
        lines += [f"{{ {toolchain.build}; }} 3>&- >&2 || exit 1"]
    lines += [
        f"ulimit -S -t {limits.cpu_seconds} && ulimit -H -t {limits.cpu_seconds + 1}",
        f"printf {RUNNING.decode()} >&3",
        "exec 3>&-",
        f"exec {toolchain.run}",
    ]
    return "\n".join(lines)

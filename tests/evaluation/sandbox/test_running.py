"""How programs end: by themselves, by a limit, or by a sandbox that failed; and nothing of them goes on."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import replace
from textwrap import dedent

import pytest

from aurora.evaluation.sandbox import jail
from aurora.evaluation.sandbox.running import run
from aurora.evaluation.sandbox.usage import children_of
from evaluation.sandbox.conftest import LIMITS, Jailed, processes_with

IMPATIENT = replace(LIMITS, cpu_seconds=1, seconds=1.5, processes=80)
NEVER = {
    "sleep on": "import time\ntime.sleep(1000)",
    "count on": "while True: pass",
    "count on in many processes": "import os\nfor _ in range(4): os.fork()\nwhile True: pass",
    "ignore signals": """
        import signal
        for one in range(1, 65):
            try: signal.signal(one, signal.SIG_IGN)
            except (OSError, ValueError): pass
        while True: pass
    """,
    "close its pipes and go on": "import os, time\nfor one in range(3): os.close(one)\ntime.sleep(1000)",
    "stop itself": "import os\nos.kill(os.getpid(), 19)",
    "wait for more": "import socket\nleft, right = socket.socketpair()\nleft.recv(1)",
}
TOO_MUCH = {
    "memory": ("pages = []\nwhile True: pages.append(b'x' * (1 << 24))", {"failed", "out of memory"}),
    "memory in many processes": (
        "import os, time\nfor _ in range(4): os.fork()\nheld = b'x' * (100 << 20)\ntime.sleep(1000)",
        {"out of memory"},
    ),
    "memory that is shared": (
        "import mmap, time\nheld = mmap.mmap(-1, 1 << 30)\nfor _ in range(70): held.write(b'x' * (10 << 20))\n"
        "time.sleep(1000)",
        {"out of memory"},
    ),
    "output": ("while True: print('x' * 10000)", {"too much output"}),
    "errors": ("import sys\nwhile True: sys.stderr.write('x' * 10000)", {"too much output"}),
}
FAILED = {
    "an exception": ("1 / 0", 1),
    "an exit code": ("import sys\nsys.exit(7)", 7),
    "a fault": ("import os\nos.kill(os.getpid(), 11)", 128 + 11),
    "its own signal": ("import os\nos.kill(os.getpid(), 9)", 128 + 9),
}


def word() -> str:
    return f"aurora{os.getpid()}x{time.monotonic_ns()}"


@pytest.mark.parametrize("name", NEVER)
def test_what_would_never_end_is_ended(name: str, jailed: Jailed) -> None:
    began = time.monotonic()
    outcome = jailed(dedent(NEVER[name]), limits=IMPATIENT)
    assert outcome.status == "out of time", outcome
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("name", TOO_MUCH)
def test_what_takes_too_much_is_ended(name: str, jailed: Jailed) -> None:
    program, statuses = TOO_MUCH[name]
    outcome = jailed(program)
    assert outcome.status in statuses, outcome
    assert max(len(outcome.stdout), len(outcome.stderr)) <= LIMITS.output


@pytest.mark.parametrize("name", FAILED)
def test_what_fails_says_how(name: str, jailed: Jailed) -> None:
    program, code = FAILED[name]
    outcome = jailed(program)
    assert (outcome.status, outcome.exit_code) == ("failed", code), outcome


def test_what_a_program_prints_is_kept_as_it_is(jailed: Jailed) -> None:
    outcome = jailed("import os, sys\nos.write(1, b'a\\xff\\0\\n')\nprint('ä', file=sys.stderr)")
    assert (outcome.status, outcome.stdout, outcome.stderr) == ("finished", "a\ufffd\0\n", "ä\n")
    assert jailed("print('\udcff' == chr(63))").stdout == "True\n"  # half a character, as a model may write


def test_what_a_program_leaves_behind_dies_with_it(jailed: Jailed) -> None:
    name = word()
    program = f"""
        import os, subprocess, sys, time
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                subprocess.run([sys.executable, "-c", "import time; time.sleep(500)", "{name}"])
            os._exit(0)
        time.sleep(0.5)
        print("left")
    """
    outcome = jailed(dedent(program))
    assert (outcome.status, outcome.stdout) == ("finished", "left\n"), outcome
    assert gone(name)


def gone(name: str) -> bool:
    """Whether no process is called so; dying ones have a little time."""
    for _ in range(50):
        if not processes_with(name):
            return True
        time.sleep(0.1)
    return False


def test_a_jail_that_is_ended_from_outside_is_no_wrong_answer(jailed: Jailed, monkeypatch: pytest.MonkeyPatch) -> None:
    name = word()
    monkeypatch.setattr(jail, "PATH", f"{jail.PATH}:/{name}")  # is among its words

    def kill() -> None:
        for _ in range(400):
            time.sleep(0.05)
            found = sorted(int(one.name) for one in processes_with(name))
            if len(found) == 2 and len(children_of(found[1])) == 1:  # the outermost, and the first in the namespace
                time.sleep(0.5)
                os.kill(found[0], 9)
                return

    killer = threading.Thread(target=kill)
    killer.start()
    outcome = jailed("import time\ntime.sleep(20)")
    killer.join()
    assert outcome.status == "not run", outcome
    assert gone(name)


def test_an_interrupted_program_was_not_run(jailed: Jailed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also while its jail is still being made."""
    name = word()
    monkeypatch.setattr(jail, "PATH", f"{jail.PATH}:/{name}")
    stop = threading.Event()
    stop.set()
    for _ in range(25):
        outcome = run("import time\ntime.sleep(100)", "python", LIMITS, stop=stop)
        assert (outcome.status, outcome.why) == ("not run", "it was interrupted")
    assert gone(name)


def test_without_a_jail_limits_hold_all_the_same() -> None:
    assert run("print('hi')", "python", LIMITS, unsafe=True).stdout == "hi\n"
    assert run("while True: pass", "python", IMPATIENT, unsafe=True).status == "out of time"
    assert run("while True: print('x' * 1000)", "python", LIMITS, unsafe=True).status == "too much output"
    outcome = run("import os\nos.kill(os.getpid(), 11)", "python", LIMITS, unsafe=True)
    assert (outcome.status, outcome.exit_code) == ("failed", 128 + 11)


def test_without_a_jail_what_is_left_behind_is_ended() -> None:
    name = word()
    program = (
        f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(500)', '{name}'])"
    )
    assert run(program, "python", LIMITS, unsafe=True).status == "finished"
    assert gone(name)

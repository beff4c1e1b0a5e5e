"""What processes use, of a tree that is known."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from aurora.evaluation.sandbox.usage import Usage, usage_of

PROGRAM = """
import subprocess, sys, time
held = b"x" * (60 << 20)
inner = "import time; held = b'x' * (50 << 20); end = time.process_time() + 0.3\\n"
inner += "while time.process_time() < end: pass\\nprint('ready', flush=True); time.sleep(60)"
child = subprocess.Popen([sys.executable, "-c", inner])
child.wait()
"""


def test_children_count_too() -> None:
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        usage = usage_of(process.pid)
        for one in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
            os.kill(int(one), 9)
        process.wait()
    assert 110 << 20 < usage.memory < 200 << 20
    assert 0.25 < usage.cpu_seconds < 10


def test_what_has_ended_uses_nothing() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    time.sleep(0)
    assert usage_of(process.pid) == Usage()

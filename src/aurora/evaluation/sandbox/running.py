"""Running one program to its end, or to one of its limits.

One decision: what a program did and what the sandbox could not do are told apart by marks that only the jail's script
can write. Without the first mark the jail never stood, and the program was not run, whatever else is seen.
"""

from __future__ import annotations

import os
import selectors
import subprocess
import threading
import time
from contextlib import suppress

from aurora.evaluation.sandbox.jail import RUNNING, STARTED, Jailed, started
from aurora.evaluation.sandbox.outcome import Limits, Outcome, Status, not_run
from aurora.evaluation.sandbox.toolchains.found import Toolchain
from aurora.evaluation.sandbox.toolchains.known import toolchain
from aurora.evaluation.sandbox.usage import usage_of

TICK = 0.05  # seconds between looks at memory and processor time
_DYING = 10.0  # seconds in which a killed jail must be gone
_CPU_SIGNAL = 128 + 24  # of the limit on one process
_AT_ONCE = 1 << 16


def run(
    program: str,
    language: str,
    limits: Limits | None = None,
    *,
    unsafe: bool = False,
    stop: threading.Event | None = None,
) -> Outcome:
    """Run a program, given as text. `UserError` where the language or its tools are missing; `stop` ends it early."""
    tools = toolchain(language)
    bounds = limits or Limits()
    try:
        with started({tools.file: program.encode(errors="replace")}, tools, bounds, unsafe) as jailed:
            return _Run(jailed, tools, bounds, stop or threading.Event()).outcome()
    except OSError as error:  # no process, no descriptor or no memory left: nothing is known of the program
        return not_run(f"the sandbox could not be started ({error.strerror or error})")


class _Run:
    """A program while it runs: what it has said so far, and why it was ended."""

    def __init__(self, jailed: Jailed, tools: Toolchain, limits: Limits, stop: threading.Event) -> None:
        self.jailed, self.tools, self.limits, self.stop = jailed, tools, limits, stop
        self.said: dict[str, bytearray] = {"stdout": bytearray(), "stderr": bytearray(), "marks": bytearray()}
        self.ended: Status | None = None
        self.began = time.monotonic()  # of the build, then of the program
        self.cpu_before = 0.0  # seconds that the build took

    def outcome(self) -> Outcome:
        """Wait for the end, and say what it was."""
        with selectors.DefaultSelector() as pipes:
            process = self.jailed.process
            assert process.stdout is not None
            assert process.stderr is not None
            pipes.register(process.stdout.fileno(), selectors.EVENT_READ, "stdout")
            pipes.register(process.stderr.fileno(), selectors.EVENT_READ, "stderr")
            pipes.register(self.jailed.marks, selectors.EVENT_READ, "marks")
            looked = time.monotonic()
            while process.poll() is None:
                if pipes.get_map():
                    self._read(pipes)
                else:  # the end is near, or it has closed its pipes and goes on
                    with suppress(subprocess.TimeoutExpired):
                        process.wait(TICK)
                if time.monotonic() - looked >= TICK:
                    self._look()
                    looked = time.monotonic()
                if self.ended is not None or self.stop.is_set():
                    break
            seconds = time.monotonic() - self.began
            self.jailed.kill()
            process.wait(_DYING)
            until = time.monotonic() + _DYING
            while pipes.get_map() and time.monotonic() < until:
                self._read(pipes)
        return self._told(seconds)

    def _read(self, pipes: selectors.BaseSelector) -> None:
        """Take what the pipes hold, waiting for up to a tick."""
        for key, _ in pipes.select(TICK):
            part = os.read(key.fd, _AT_ONCE)
            if not part:
                pipes.unregister(key.fd)
            elif key.data == "marks":
                self.said["marks"] += part
                if RUNNING in part:
                    self.cpu_before = usage_of(self.jailed.process.pid).cpu_seconds
                    self.began = time.monotonic()
            else:
                room = self.limits.output - len(self.said[key.data])
                self.said[key.data] += part[:room]
                if len(part) > room:
                    self.ended = self.ended or "too much output"

    def _look(self) -> None:
        """End what has used up its share."""
        usage = usage_of(self.jailed.process.pid)
        runs = RUNNING in self.said["marks"]
        seconds = self.limits.seconds if runs else self.limits.build_seconds
        cpu_seconds = self.limits.cpu_seconds + self.cpu_before if runs else self.limits.build_seconds
        if usage.memory > self.limits.memory:
            self.ended = "out of memory"
        elif time.monotonic() - self.began > seconds or usage.cpu_seconds > cpu_seconds:
            self.ended = "out of time"

    def _told(self, seconds: float) -> Outcome:
        """The outcome of a program that has ended."""
        code = self.jailed.process.returncode
        marks = bytes(self.said["marks"])
        stdout, stderr = (self.said[name].decode(errors="replace") for name in ("stdout", "stderr"))
        if self.ended is None and self.stop.is_set():
            return not_run("it was interrupted")
        if self.ended is None and code < 0 and not self.jailed.unsafe:
            return not_run(f"the sandbox was ended from outside by signal {-code}")
        if STARTED not in marks:
            why = stderr.strip().splitlines()
            return not_run(f"the sandbox failed ({why[-1] if why else 'it says nothing'})")
        exit_code = 128 - code if code < 0 else code
        status: Status
        if self.ended is not None:
            status = self.ended
        elif RUNNING not in marks:
            status = "not built"
        elif exit_code == _CPU_SIGNAL:
            status = "out of time"
        else:
            status = "finished" if exit_code == 0 else "failed"
        return Outcome(status, exit_code, stdout, stderr, seconds)

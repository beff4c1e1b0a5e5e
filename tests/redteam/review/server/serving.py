"""The review as its users meet it: a process of its own, at an address, which may be killed at any moment."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
from pathlib import Path


class Server:
    """`aurora redteam review` on a folder, at the same port each time it is started."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._folder, self._options, self.port = folder, options, 0
        self._process: subprocess.Popen[str] | None = None
        self.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it says its address."""
        command = [sys.executable, "-m", "aurora", "redteam", "review", "--data", str(self._folder)]
        command += ["--port", str(self.port), *self._options]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self._process.stderr is not None
        said = []
        for line in self._process.stderr:
            said.append(line)
            if found := re.search(r"review is at http://127\.0\.0\.1:(\d+)/", line):
                self.port = int(found[1])
                threading.Thread(target=self._process.stderr.read, daemon=True).start()
                return
        raise AssertionError(f"the server ended with {self._process.wait()}: {''.join(said)}")

    def kill(self) -> None:
        """End it as a power cut would end its process."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Ask it to end; returns its exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, number: int) -> int:
        assert self._process is not None
        self._process.send_signal(number)
        code = self._process.wait(30)
        assert self._process.stderr is not None
        self._process.stderr.close()
        return code

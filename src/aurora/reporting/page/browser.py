"""Headless Chromium, to open a page as a reader would and take a picture of it.

One decision: it is controlled by the DevTools protocol over a pipe that Chromium inherits, so no driver, port or extra
package is needed. The browser has an empty profile of its own, is kept off the network, and ends with the block.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import signal
import struct
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aurora.errors import AuroraError
from aurora.files import atomic_file, keep_from_overwriting

ANSWER_SECONDS, END_SECONDS = 60.0, 10.0  # generous: on a busy machine Chromium takes seconds to start
# A PNG begins with eight fixed bytes and the chunk of its size; the chunk after it names the maker, so that a picture
# taken here may be replaced and nobody else's is.
PNG_HEADER = 8 + 25


def _text_chunk(keyword: str, text: str) -> bytes:
    """A piece of a PNG that says something about the picture."""
    content = b"tEXt" + keyword.encode("latin-1") + b"\0" + text.encode("latin-1")
    return struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))


SIGNATURE = _text_chunk("Software", "Aurora")
NAMES = ("chromium", "chromium-browser", "chromium-headless-shell", "google-chrome")
SWITCHES = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    # Even a page that asked for a resource of another host would not get it.
    "--host-resolver-rules=MAP * ~NOTFOUND",
)


def find_chromium() -> str:
    """The browser's program; `AuroraError` if none is installed."""
    program = next((path for path in map(shutil.which, NAMES) if path), None)
    if program is None:
        raise AuroraError(
            "Chromium is not installed: install it (on Debian, `apt install chromium`) or open the page yourself."
        )
    return program


class Page:
    """An open page. `problems` collects what its console reports as warning or error, and every exception."""

    def __init__(self, requests: int, answers: int) -> None:
        self._requests, self._answers = requests, answers
        self._buffer = b""
        self._last = 0
        self._session: str | None = None
        self._events: list[dict[str, Any]] = []
        self.problems: list[str] = []

    def attach(self) -> None:
        """Open an empty tab and listen to its console."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command of the DevTools protocol and its result."""
        self._last += 1
        message = {"id": self._last, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._requests, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._last:
                if "error" in answer:
                    raise AuroraError(f"Chromium refused {method}: {answer['error']['message']}.")
                result: dict[str, Any] = answer["result"]
                return result

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._answers], [], [], ANSWER_SECONDS)
            block = os.read(self._answers, 1 << 20) if ready else b""
            if not block:
                raise AuroraError("Chromium ended or did not answer: run it by hand to see why.")
            self._buffer += block
        message, self._buffer = self._buffer.split(b"\0", 1)
        event: dict[str, Any] = json.loads(message)
        self._note(event)
        return event

    def _note(self, event: dict[str, Any]) -> None:
        parameters = event.get("params", {})
        match event.get("method"):
            case "Runtime.consoleAPICalled" if parameters["type"] in ("error", "warning", "assert"):
                self.problems.append(" ".join(str(argument.get("value", "")) for argument in parameters["args"]))
            case "Runtime.exceptionThrown":
                self.problems.append(str(parameters["exceptionDetails"]["text"]))
            case "Log.entryAdded" if parameters["entry"]["level"] in ("error", "warning"):
                self.problems.append(str(parameters["entry"]["text"]))
            case "Page.loadEventFired":
                self._events.append(event)

    def show(self, width: int, height: int, dark: bool = False, scale: float = 1.0) -> None:
        """Set the window's size in CSS pixels and the reader's colour scheme."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=width < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def open(self, address: str) -> None:
        """Load an address and wait until it has loaded."""
        self._events.clear()
        self.call("Page.navigate", url=address)
        while not self._events:
            self._read()

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise AuroraError(f"The page could not evaluate {expression!r}: {answer['exceptionDetails']['text']}.")
        return answer["result"].get("value")

    def picture(self, whole: bool = False) -> bytes:
        """PNG of the window, or of the whole page."""
        options: dict[str, Any] = {"format": "png", "captureBeyondViewport": whole}
        if whole:
            size = self.call("Page.getLayoutMetrics")["cssContentSize"]
            options["clip"] = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        return base64.b64decode(self.call("Page.captureScreenshot", **options)["data"])


@contextmanager
def browser(program: str | None = None, loopback: bool = False) -> Iterator[Page]:
    """A fresh headless Chromium with one empty tab; `AuroraError` where none is installed.

    With `loopback` it reaches servers of this machine by their address 127.0.0.1.
    """
    program = program or find_chromium()
    with tempfile.TemporaryDirectory(prefix="aurora-browser-", ignore_cleanup_errors=True) as profile:
        reached = [f"{SWITCHES[-1]}, EXCLUDE 127.0.0.1"] if loopback else []  # the last of two alike counts
        command = [program, *SWITCHES, *reached, f"--user-data-dir={profile}", "about:blank"]
        process, requests, answers = _start(command, profile)
        try:
            page = Page(requests, answers)
            page.attach()
            yield page
        finally:
            os.close(requests)
            os.close(answers)
            _end(process)


def _start(command: list[str], scratch: str) -> tuple[int, int, int]:
    """Start Chromium, which reads commands from descriptor 3 and answers on 4: its process, our ends of the pipes."""
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    # Above 4, so that moving one end to its place cannot overwrite the other.
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in (theirs_in, theirs_out)]
    try:
        process = os.posix_spawn(
            command[0],
            [*command, "--remote-debugging-pipe"],
            {**os.environ, "TMPDIR": scratch},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_DUP2, high[0], 3),
                (os.POSIX_SPAWN_DUP2, high[1], 4),
            ],
        )
    finally:
        for end in (theirs_in, theirs_out, *high):
            os.close(end)
    return process, ours_out, ours_in


def _end(process: int) -> None:
    """Ask Chromium to end, and kill it if it does not."""
    os.kill(process, signal.SIGTERM)
    deadline = time.monotonic() + END_SECONDS
    while os.waitpid(process, os.WNOHANG)[0] == 0:
        if time.monotonic() > deadline:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
            return
        time.sleep(0.02)


def photograph(
    page: Path, picture: Path, width: int = 1280, height: int = 1000, dark: bool = False, source: str = ""
) -> Path:
    """Write a PNG of the top of a page (`width` x `height` CSS pixels); returns its path. It keeps what `source` says
    of what the page was made from.

    Raises `UserError` where another file than such a picture is there.
    """
    keep_from_overwriting(picture, is_picture)
    with browser() as tab:
        tab.show(width, height, dark)
        tab.open(page.resolve().as_uri())
        image = tab.picture()
    with atomic_file(picture) as stream:
        stream.write(image[:PNG_HEADER] + SIGNATURE + _text_chunk("Source", source) + image[PNG_HEADER:])
    return picture


def is_of(picture: bytes, source: str) -> bool:
    """Whether a picture keeps this `source`."""
    return is_picture(picture) and picture[PNG_HEADER + len(SIGNATURE) :].startswith(_text_chunk("Source", source))


def is_picture(beginning: bytes) -> bool:
    """Whether a file with this beginning is a picture that `photograph` took."""
    return beginning[PNG_HEADER : PNG_HEADER + len(SIGNATURE)] == SIGNATURE

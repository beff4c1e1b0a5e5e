"""An OpenAI-compatible endpoint of the test's own, on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# (status, body, headers) for the n-th request (from 0), which has this body.
Answer = tuple[int, Any, dict[str, str]]


def said(text: Any, finish_reason: str = "stop") -> Answer:
    """An answer as such endpoints give it."""
    return 200, {"choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": finish_reason}]}, {}


class Small:
    """What was asked of an endpoint: bodies and headers, in order; `address` is where it is."""

    def __init__(self) -> None:
        self.address = ""
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.lock = threading.Lock()


@contextmanager
def endpoint(answer: Callable[[int, dict[str, Any]], Answer]) -> Iterator[Small]:
    """An endpoint that gives these answers."""
    small = Small()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with small.lock:
                number = len(small.bodies)
                small.bodies.append({"path": self.path, **body})
                small.headers.append(dict(self.headers))
            status, given, headers = answer(number, body)
            content = given.encode() if isinstance(given, str) else json.dumps(given).encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    small.address = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield small
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

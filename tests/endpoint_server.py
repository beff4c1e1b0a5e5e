"""A server on loopback that answers as an OpenAI-compatible endpoint does, or fails as such endpoints fail."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# What is asked last, and what it is answered with.
Answers = Callable[[str], str]


class Server:
    """What a server was asked, and what it is still to do wrong: a fault for each request, until none is left."""

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.faults: list[str] = []
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.lock = threading.Lock()
        self.url = ""

    def fault(self) -> str:
        with self.lock:
            return self.faults.pop(0) if self.faults else ""


def answer(text: str, **usage: Any) -> dict[str, Any]:
    """What an endpoint sends."""
    used = {"prompt_tokens": 10, "completion_tokens": 5} | usage
    return {"choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}], "usage": used}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Http

    def do_POST(self) -> None:
        state = self.server.state
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with state.lock:
            state.asked.append(body)
            state.headers.append(dict(self.headers))
        text = state.answers(body["messages"][-1]["content"])
        getattr(self, f"_{fault.partition(' ')[0]}" if (fault := state.fault()) else "_whole")(text, fault)

    def _whole(self, text: str, _: str) -> None:
        self._send(200, json.dumps(answer(text)).encode())

    def _status(self, _: str, fault: str) -> None:
        _, status, *more = fault.split(" ")
        headers = dict(one.split(":", 1) for one in more)
        key = self.headers.get("Authorization", "")
        self._send(int(status), json.dumps({"error": {"message": f"no: {key}"}}).encode(), headers)

    def _cut(self, text: str, _: str) -> None:
        self.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"choices": [')
        self.wfile.flush()
        self._hang_up()

    def _gone(self, *_: str) -> None:
        self._hang_up()

    def _malformed(self, text: str, _: str) -> None:
        self._send(200, b'{"choices": [{"message"')

    def _empty(self, text: str, _: str) -> None:
        self._send(200, b'{"choices": []}')

    def _slow(self, text: str, _: str) -> None:
        time.sleep(0.6)
        self._whole(text, "")

    def _hangs(self, *_: str) -> None:
        time.sleep(8)

    def _drips(self, text: str, _: str) -> None:
        content = json.dumps(answer(text)).encode()
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(content))
        for byte in content:
            try:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
            except OSError:
                return
            time.sleep(0.05)

    def _usage(self, text: str, fault: str) -> None:
        used = json.loads(fault.partition(" ")[2])
        self._send(200, json.dumps(answer(text) | {"usage": used}).encode())

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _send(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    state: Server

    def handle_error(self, *_: Any) -> None:
        pass  # a client that leaves is part of the tests


@contextmanager
def serving(answers: Answers = lambda asked: f"answer to {asked}") -> Iterator[Server]:
    """A server that runs in a thread of its own."""
    state = Server(answers)
    http = _Http(("127.0.0.1", 0), _Handler)
    http.state = state
    state.url = f"http://127.0.0.1:{http.server_address[1]}/v1"
    thread = threading.Thread(target=lambda: http.serve_forever(poll_interval=0.01), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        http.shutdown()
        http.server_close()
        thread.join(5)

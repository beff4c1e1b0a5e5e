"""Tiny WARC archives, written by hand."""

from __future__ import annotations

import gzip
from collections.abc import Iterable


def record(kind: str, content: bytes, address: str = "", content_type: str = "application/http") -> bytes:
    lines = [
        "WARC/1.1",
        f"WARC-Type: {kind}",
        "WARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-000000000000>",
        "WARC-Date: 2024-05-01T10:00:00Z",
        *([f"WARC-Target-URI: {address}"] if address else []),
        f"Content-Type: {content_type}",
        f"Content-Length: {len(content)}",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content + b"\r\n\r\n"


def answer(body: bytes, *headers: str, status: str = "200 OK", content_type: str = "text/html") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {content_type}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def page(text: str | bytes, address: str = "https://site.example/", *headers: str, content_type: str = "") -> bytes:
    body = text if isinstance(text, bytes) else text.encode()
    return record("response", answer(body, *headers, content_type=content_type or "text/html; charset=utf-8"), address)


def packed(records: Iterable[bytes]) -> bytes:
    """An archive as crawlers write it: each record compressed on its own."""
    return b"".join(gzip.compress(found, mtime=0) for found in records)

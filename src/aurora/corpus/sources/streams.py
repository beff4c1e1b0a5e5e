"""The bytes of files in pieces of bounded memory: lines and paragraphs, decompressed by the file's ending.

One decision: a piece too long to be kept is told as None and passed over, and a stream that expands without end is
broken off, so no file can take more memory or time than its size is worth.
"""

from __future__ import annotations

import io
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

LONGEST_LINE = 50_000_000  # bytes
LARGEST_FILE = 100_000_000  # bytes of a file that is one document
# A compressed file that holds more than this many times its size, and more than these bytes, is a bomb.
MOST_EXPANSION, WORTH_CHECKING = 1000, 500_000_000
_COMPRESSIONS = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """The file as a buffered stream of bytes, decompressed by its ending."""
    compression = _COMPRESSIONS.get(path.suffix)
    if compression is None:
        with open(path, "rb", 1 << 20) as stream:
            yield stream
    else:
        with pa.input_stream(str(path), compression=compression) as compressed:
            # Where a file is cut, a buffer's worth before it is lost: a small buffer.
            yield io.BufferedReader(_Bounded(compressed, path.stat().st_size), 1 << 16)


class _Bounded(io.RawIOBase):
    """A decompressed stream that ends with an error where it holds many times what the file does."""

    def __init__(self, stream: Any, size: int) -> None:
        self._stream = stream
        self._most = max(WORTH_CHECKING, MOST_EXPANSION * size)
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        found = self._stream.read(len(buffer))
        self._read += len(found)
        if self._read > self._most:
            raise EOFError(f"it expands to more than {MOST_EXPANSION} times its size")
        buffer[: len(found)] = found
        return len(found)


def pieces(stream: IO[bytes], document: str) -> Iterator[tuple[int, bytes | None]]:
    """What counts as one document, with the number of its first line; None stands for one too long for memory."""
    if document == "file":
        found = stream.read(LARGEST_FILE + 1)
        yield 1, found.removeprefix(BOM_UTF8) if len(found) <= LARGEST_FILE else None
        return
    first, paragraph, whole = 1, bytearray(), True
    for number, line in numbered_lines(stream):
        if number == 1 and line is not None:
            line = line.removeprefix(BOM_UTF8)
        if document == "line":
            yield number, None if line is None else line.rstrip(b"\r\n")
        elif line is None or line.strip():
            first = first if paragraph or not whole else number
            whole = whole and line is not None and len(paragraph) + len(line) <= LONGEST_LINE
            paragraph = paragraph + line if whole and line is not None else bytearray()
        elif paragraph or not whole:
            yield first, bytes(paragraph).rstrip(b"\r\n") if whole else None
            paragraph, whole = bytearray(), True
    if paragraph or not whole:
        yield first, bytes(paragraph).rstrip(b"\r\n") if whole else None


def numbered_lines(stream: IO[bytes], first: int = 1, end: int | None = None) -> Iterator[tuple[int, bytes | None]]:
    """Numbered lines, of those that begin before byte `end`; None stands for one too long to be kept in memory."""
    number = first - 1
    while (end is None or stream.tell() < end) and (line := stream.readline(LONGEST_LINE)):
        number += 1
        if len(line) < LONGEST_LINE or line.endswith(b"\n"):
            yield number, line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(LONGEST_LINE)
        yield number, None

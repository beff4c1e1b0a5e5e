"""The records of WARC archives.

One decision: a record ends where the next one begins, whatever length it states. One that is damaged or states a wrong
length is reported as `Bad` and reading resumes at the next, so nothing else is lost with it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO

from aurora.corpus.sources.formats.compression import Damage

_BEGINNING = re.compile(rb"WARC/\d\.\d\s*$")
# How a record begins within the stated content of another.
_NEXT = re.compile(rb"(?:(?<=\n)|\A)WARC/\d\.\d\r?\n[A-Za-z-]+:")
_WRONG_LENGTH = "the record does not end where it says"
_LONGEST_LINE = 1 << 16  # bytes of a header
_MOST_HEADERS = 1 << 18  # bytes of all headers of a record
_SKIPPED = 1 << 20  # bytes of content read at a time beyond the wanted ones
# After so many wrong lengths in a file, what looks like a record within another is accepted at once: checking the
# stated length first would read much of the file once for each.
_MOST_DOUBTS = 100


@dataclass(frozen=True)
class Record:
    """A record: its number in the archive, its headers by lower-case name, its content (of a long one the beginning)
    and its stated length."""

    number: int
    headers: Mapping[str, str]
    content: bytes
    length: int


@dataclass(frozen=True)
class Bad:
    """A part of an archive that is not a whole record: its number if it is part of one, and the reason."""

    number: int | None
    reason: str
    unread: int


def read_records(stream: IO[bytes], most: int) -> Iterator[Record | Bad]:
    """The records of a decompressed archive, each with at most `most` bytes of content."""
    ahead = _Ahead(stream)
    archive = _Archive(ahead, most)
    while True:
        try:
            item = archive.next()
        except Damage as damage:
            ahead.forget()
            item = Bad(None, str(damage), damage.unread)
        if item is None:
            return
        yield item


class _Ahead:
    """A stream that takes back bytes that were read too far."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._back = io.BytesIO()

    def readline(self) -> bytes:
        line = self._back.readline(_LONGEST_LINE)
        if line.endswith(b"\n") or len(line) == _LONGEST_LINE:
            return line
        return line + self._stream.readline(_LONGEST_LINE - len(line))

    def read(self, size: int) -> bytes:
        data = self._back.read(size)
        return data + self._stream.read(size - len(data)) if len(data) < size else data

    def take_back(self, data: bytes) -> None:
        self._back = io.BytesIO(data + self._back.read())

    def forget(self) -> None:
        self._back = io.BytesIO()


class _Archive:
    """An archive being read."""

    def __init__(self, ahead: _Ahead, most: int) -> None:
        self._ahead = ahead
        self._most = most
        self._number = 0
        self._doubts = 0

    def next(self) -> Record | Bad | None:
        """The next record or bad part; None at the end."""
        line = self._ahead.readline()
        while line and not line.strip(b"\0\r\n "):  # the end of a record, or zeros that fill a block
            line = self._ahead.readline()
        if not line:
            return None
        if not _BEGINNING.match(line.lstrip(b"\0")):
            return self._skip("no record begins where one is expected", None, len(line))
        self._number += 1
        headers = self._headers()
        if isinstance(headers, Bad):
            return headers
        length = headers.get("content-length", "")
        if not re.fullmatch(r"[0-9]{1,18}", length):
            return self._skip("the record does not state its length", self._number, 0)
        return self._content(headers, int(length))

    def _headers(self) -> dict[str, str] | Bad:
        headers: dict[str, str] = {}
        last, num_bytes = "", 0
        while (line := self._ahead.readline()) not in (b"\r\n", b"\n"):
            num_bytes += len(line)
            if not line.endswith(b"\n"):
                if len(line) < _LONGEST_LINE:
                    return Bad(self._number, "the record is truncated: the file ends here", num_bytes)
                return self._skip("a header of the record is too long", self._number, num_bytes)
            if _BEGINNING.match(line):
                self._ahead.take_back(line)
                return Bad(self._number, "the headers of the record break off", num_bytes)
            if num_bytes > _MOST_HEADERS:
                return self._skip("the headers of the record are too long", self._number, num_bytes)
            text = line.decode("utf-8", "replace")
            name, colon, value = text.partition(":")
            if text[0] in " \t" and last:  # a line that goes on
                headers[last] += " " + text.strip()
            elif colon:
                last = name.strip().lower()
                headers.setdefault(last, value.strip())
        return headers

    def _content(self, headers: Mapping[str, str], length: int) -> Record | Bad:
        content = self._ahead.read(min(length, self._most))
        if self._doubts >= _MOST_DOUBTS and (begins := _NEXT.search(content)):
            return self._taken_back(content, begins.start())
        is_short = len(content) < min(length, self._most)
        left = length - len(content)
        while left and not is_short:
            piece = self._ahead.read(min(left, _SKIPPED))
            if begins := _NEXT.search(piece):
                return self._taken_back(piece, begins.start())
            left -= len(piece)
            is_short = not piece
        # After two blank lines comes the next record or the end, so two lines suffice to check the length.
        tail = [] if is_short else [self._ahead.readline(), self._ahead.readline()]
        after = next((line for line in tail if line.strip()), b"")
        if not is_short and (not after or _BEGINNING.match(after)):
            self._ahead.take_back(b"".join(tail))
            return Record(self._number, headers, content, length)
        content += b"".join(tail)  # the next record may begin before this one's stated end
        if begins := _NEXT.search(content):
            return self._taken_back(content, begins.start())
        if is_short:
            return Bad(self._number, "the record is truncated: the file ends here", len(content))
        return self._skip(_WRONG_LENGTH, self._number, len(content))

    def _taken_back(self, data: bytes, begins: int) -> Bad:
        """A record whose stated content includes the next ones, which are given back to be read."""
        self._doubts += 1
        self._ahead.take_back(data[begins:])
        return Bad(self._number, _WRONG_LENGTH, begins)

    def _skip(self, reason: str, number: int | None, num_bytes: int) -> Bad:
        """Read on until the next record begins."""
        while line := self._ahead.readline():
            if _BEGINNING.match(line):
                self._ahead.take_back(line)
                break
            num_bytes += len(line)
        return Bad(number, reason, num_bytes)

"""Decompression of files by their content: gzip, bzip2, xz, zstd and lz4.

One decision: a compressed file is a sequence of members (frames, streams), each with a checksum at its end. The content
of a member is passed on once its end has been read, as far as memory allows; a damaged member is left out and reading
resumes at the next. Only if the file ends within a member is the content before the end passed on unchecked.
"""

from __future__ import annotations

import bz2
import io
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from aurora.corpus.sources.formats.frames import CUT, SKIPPABLE, Member, lz4_frame, zstd_frame

# Bytes of a member that are held back until its checksum; what comes before them in a longer member is passed on
# unchecked, so that memory is bounded.
HELD = 16_000_000
_MOST_TRIED = 2_000_000_000  # bytes decompressed in vain after damage, before the rest of a file is given up
_PIECE = 1 << 16  # bytes read at a time
_PIECE_OUT = 1 << 20  # bytes decompressed at a time
_XZ_MEMORY = 1 << 29  # bytes; `xz -9` needs 65 MB to decompress


class Damage(EOFError):
    """A part of a file that cannot be read; its message says which. Reading may continue after it.

    `unread` is the number of bytes of the file that are lost with it.
    """

    def __init__(self, message: str, unread: int) -> None:
        super().__init__(message)
        self.unread = unread


@dataclass(frozen=True)
class Format:
    """A compression: its name, the first bytes of its members, and a function that reads a member from a byte on."""

    name: str
    magic: re.Pattern[bytes]
    member: Callable[[IO[bytes], int, int], Member]


class _Decoder(Protocol):
    """A decompressor of the standard library."""

    @property
    def eof(self) -> bool:
        """Whether the end was read."""

    @property
    def needs_input(self) -> bool:
        """Whether it needs more data to yield more."""

    @property
    def unused_data(self) -> bytes:
        """The data after the end."""

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """At most `max_length` bytes of the decompressed data."""


def format_of(stream: IO[bytes]) -> Format | None:
    """The compression of a file by its first bytes; None if it is not compressed."""
    stream.seek(0)
    head = stream.read(16)
    at = 0
    while re.match(SKIPPABLE, head) and len(head) >= 8:  # frames without data, which zstd and lz4 skip
        at += 8 + int.from_bytes(head[4:8], "little")
        stream.seek(at)
        head = stream.read(16)
    stream.seek(0)
    return next((compression for compression in FORMATS if compression.magic.match(head)), None)


def is_compressed(path: Path) -> bool:
    """Whether a file has a compression known here."""
    with open(path, "rb") as stream:
        return format_of(stream) is not None


def decompressed(stream: IO[bytes], compression: Format, size: int) -> Iterator[bytes | Damage]:
    """The content of a compressed file of `size` bytes in pieces, with a `Damage` for each part that cannot be read."""
    at, tries = 0, _Tries(size)
    bad: tuple[int, str] | None = None  # where the damage being skipped begins, and what it is
    cut: list[bytes] = []  # the content of a member that the end of the file cuts off
    while not tries.spent and (start := _next_member(stream, compression, at, bad is not None)) is not None:
        held: list[bytes] = []
        num_held = 0
        member = tries.counted(compression.member(stream, start, size))
        try:
            while True:
                try:
                    piece = next(member)
                except StopIteration as end:
                    at = end.value
                    break
                held.append(piece)
                num_held += len(piece)
                if num_held > 2 * HELD:  # too much for a chance match among damaged bytes
                    if bad:
                        yield _left_out(bad, start)
                    bad, cut = None, []
                    while num_held > HELD:
                        num_held -= len(held[0])
                        yield held.pop(0)
            if bad:
                yield _left_out(bad, start)
            bad, cut = None, []
            yield from held
        except (EOFError, zlib.error, lzma.LZMAError, OSError, ValueError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            if not bad:
                bad = (start, first_line(error))
                cut = held if isinstance(error, EOFError) else []
            at = start + 1
    yield from cut
    if bad:
        yield Damage(broken_off(bad[1]), 0 if any(cut) else size - bad[0])


class Pieces(io.RawIOBase):
    """A stream of pieces of bytes that raises each `Damage` among them."""

    def __init__(self, pieces: Iterator[bytes | Damage]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            if isinstance(piece, Damage):
                raise piece
            self._rest = memoryview(piece)
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


def broken_off(reason: str) -> str:
    """The reason given for a file that ends early or has another format."""
    return f"the file cannot be read to its end ({reason}): it may be truncated or have another format"


class _Tries:
    """Counts what is decompressed in vain after damage, so that searching for the next member ends in time."""

    def __init__(self, size: int) -> None:
        self._most = max(_MOST_TRIED, 4 * size)
        self._num_bytes = 0

    @property
    def spent(self) -> bool:
        return self._num_bytes > self._most

    def counted(self, member: Member) -> Member:
        num_bytes = 0
        while True:
            try:
                piece = next(member)
            except StopIteration as end:
                return int(end.value)
            except BaseException:
                self._num_bytes += max(num_bytes, _PIECE)
                raise
            num_bytes += len(piece)
            yield piece


def _left_out(bad: tuple[int, str], start: int) -> Damage:
    reason = f"the file is damaged from byte {bad[0]:,} ({bad[1]}); reading resumes at byte {start:,}"
    return Damage(reason, start - bad[0])


def _next_member(stream: IO[bytes], compression: Format, at: int, search: bool) -> int | None:
    """Where the next member begins from byte `at` on: after zeros that fill a block, or, to `search` after damage,
    where it looks like one; None if none follows."""
    while True:
        stream.seek(at)
        data = stream.read(_PIECE)
        if not data.strip(b"\0"):
            if len(data) < _PIECE:
                return None
            at += len(data)
            continue
        if not search:
            return at + len(data) - len(data.lstrip(b"\0"))
        if match := compression.magic.search(data):
            return at + match.start()
        if len(data) < _PIECE:
            return None
        at += len(data) - 16  # the first bytes of a member may be split between two pieces


def first_line(error: Exception) -> str:
    """The first line of a library's error, as part of a sentence."""
    return str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__


def _fed(decoder: Callable[[], _Decoder], magic: re.Pattern[bytes]) -> Callable[[IO[bytes], int, int], Member]:
    """A function that reads a member with a decompressor of the standard library."""

    def member(stream: IO[bytes], start: int, size: int) -> Member:
        stream.seek(start)
        decompressor = decoder()
        data = stream.read(_PIECE)
        if not magic.match(data):
            raise ValueError(f"the bytes from {start:,} on are not compressed")
        while True:
            while data or not decompressor.needs_input:
                yield decompressor.decompress(data, _PIECE_OUT)
                data = b""
                if decompressor.eof:
                    return stream.tell() - len(decompressor.unused_data)
            data = stream.read(_PIECE)
            if not data:
                raise EOFError(CUT)

    return member


class _Inflate:
    """zlib's decompressor of gzip with the interface of the others."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(31)  # 16 for a gzip header, 15 for the largest window
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        piece = self._inner.decompress(self._inner.unconsumed_tail + data, max_length)
        self.needs_input = len(piece) < max_length
        return piece


_GZIP = re.compile(rb"\x1f\x8b\x08[\x00-\x1f]")
_BZIP2 = re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)")
_XZ = re.compile(rb"\xfd7zXZ\x00")
FORMATS = (
    Format("gzip", _GZIP, _fed(_Inflate, _GZIP)),
    Format("bzip2", _BZIP2, _fed(bz2.BZ2Decompressor, _BZIP2)),
    Format("xz", _XZ, _fed(lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, _XZ_MEMORY), _XZ)),
    Format("zstd", re.compile(rb"\x28\xb5\x2f\xfd|" + SKIPPABLE), zstd_frame),
    Format("lz4", re.compile(rb"\x04\x22\x4d\x18|" + SKIPPABLE), lz4_frame),
)

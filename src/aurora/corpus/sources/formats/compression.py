"""What compressed files hold, told by their content: gzip, bzip2, xz, zstd and lz4.

One decision: such a file is members, one behind the other (frames, streams), each with a check sum at its end. So what
a member holds is given out when it has been read to its end, as far as memory allows, a damaged one is left out, and
the file is read on at the next: only where the file ends within a member is what it held before believed.
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

# Of a longer member, what comes before these last bytes is given out unchecked.
HELD = 16_000_000
_MOST_TRIED = 2_000_000_000  # bytes of members that were none
_PIECE = 1 << 16
_PIECE_OUT = 1 << 20
_XZ_MEMORY = 1 << 29  # bytes


class Damage(EOFError):
    """A part of a file that cannot be read; its message says which. What comes behind it may be read on.

    `unread` is how many bytes of the file go with it.
    """

    def __init__(self, message: str, unread: int) -> None:
        super().__init__(message)
        self.unread = unread


@dataclass(frozen=True)
class Format:
    """A compression: its name, how its members begin, and how one that begins at a byte is read."""

    name: str
    magic: re.Pattern[bytes]
    member: Callable[[IO[bytes], int, int], Member]


class _Decoder(Protocol):
    """A decompressor of the standard library."""

    @property
    def eof(self) -> bool:
        """Whether its end was read."""

    @property
    def needs_input(self) -> bool:
        """Whether more comes only of more data."""

    @property
    def unused_data(self) -> bytes:
        """What stands behind its end."""

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """Some of what the data holds."""


def format_of(stream: IO[bytes]) -> Format | None:
    """The compression of a file, told by its first bytes; None where it has none."""
    stream.seek(0)
    head = stream.read(16)
    place = 0
    while re.match(SKIPPABLE, head) and len(head) >= 8:  # what zstd and lz4 pass over
        place += 8 + int.from_bytes(head[4:8], "little")
        stream.seek(place)
        head = stream.read(16)
    stream.seek(0)
    return next((found for found in FORMATS if found.magic.match(head)), None)


def is_compressed(path: Path) -> bool:
    """Whether a file is of a compression that is known here."""
    with open(path, "rb") as stream:
        return format_of(stream) is not None


def decompressed(stream: IO[bytes], found: Format, size: int) -> Iterator[bytes | Damage]:
    """What a compressed file of `size` bytes holds, in pieces, with `Damage` in the place of what cannot be read."""
    place, tries = 0, _Tries(size)
    bad: tuple[int, str] | None = None  # where the damage that was met last begins, and what it is
    cut: list[bytes] = []  # what was read of a member that goes on to the end of the file
    while not tries.spent and (start := _next_member(stream, found, place, bad is not None)) is not None:
        held: list[bytes] = []
        num_held = 0
        member = tries.counted(found.member(stream, start, size))
        try:
            while True:
                try:
                    piece = next(member)
                except StopIteration as end:
                    place = end.value
                    break
                held.append(piece)
                num_held += len(piece)
                if num_held > 2 * HELD:  # enough to be no chance find among damaged bytes
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
            place = start + 1
    yield from cut
    if bad:
        yield Damage(broken_off(bad[1]), 0 if any(cut) else size - bad[0])


class Pieces(io.RawIOBase):
    """A stream of pieces of bytes, raising those that are damage."""

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
    """What is said of a file that ends early or is none of its kind."""
    return f"the file cannot be read to its end ({reason}): it may be cut or of another kind"


class _Tries:
    """How much was read of members that were none: reading on after damage must not take time without end."""

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
    reason = f"the file is damaged from byte {bad[0]:,} ({bad[1]}); it is read on from byte {start:,}"
    return Damage(reason, start - bad[0])


def _next_member(stream: IO[bytes], found: Format, place: int, search: bool) -> int | None:
    """Where the next member begins: at `place`, behind zeros that fill a block, or, after damage, where it looks like
    one; None at the end of the file, where all that follows is no member."""
    while True:
        stream.seek(place)
        data = stream.read(_PIECE)
        if not data.strip(b"\0"):
            if len(data) < _PIECE:
                return None
            place += len(data)
            continue
        if not search:
            return place + len(data) - len(data.lstrip(b"\0"))
        if match := found.magic.search(data):
            return place + match.start()
        if len(data) < _PIECE:
            return None
        place += len(data) - 16  # a beginning may lie across two pieces


def first_line(error: Exception) -> str:
    """What an error of a library says, as a part of a sentence."""
    return str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__


def _fed(decoder: Callable[[], _Decoder], magic: re.Pattern[bytes]) -> Callable[[IO[bytes], int, int], Member]:
    """A member read by a decompressor that is fed with bytes."""

    def member(stream: IO[bytes], start: int, size: int) -> Member:
        stream.seek(start)
        found = decoder()
        data = stream.read(_PIECE)
        if not magic.match(data):
            raise ValueError(f"the bytes from {start:,} on are no compressed ones")
        while True:
            while data or not found.needs_input:
                yield found.decompress(data, _PIECE_OUT)
                data = b""
                if found.eof:
                    return stream.tell() - len(found.unused_data)
            data = stream.read(_PIECE)
            if not data:
                raise EOFError(CUT)

    return member


class _Inflate:
    """zlib's decompressor of gzip in the shape of the others."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(31)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        found = self._inner.decompress(self._inner.unconsumed_tail + data, max_length)
        self.needs_input = len(found) < max_length
        return found


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

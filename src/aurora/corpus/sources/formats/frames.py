"""Frames of zstd and lz4.

One decision: the blocks of a frame state their length, so its end is found without decompressing it, each frame is read
alone, and one that is damaged costs no other.
"""

from __future__ import annotations

import io
import re
from collections.abc import Generator, Iterator
from contextlib import suppress
from typing import IO

import pyarrow as pa

CUT = "it ends within a compressed part"
SKIPPABLE = rb"[\x50-\x5f]\x2a\x4d\x18"
ZSTD = re.compile(rb"\x28\xb5\x2f\xfd")
LZ4 = re.compile(rb"\x04\x22\x4d\x18")
# Windows of zstd that are kept in memory. Longer ones (`zstd --long=31`) are read as well, where a frame states a size
# up to LARGEST_AT_ONCE or holds no more than a window.
_WINDOW = 1 << 27  # the most that pyarrow's stream takes
LARGEST_AT_ONCE = 1 << 30
_PIECE = 1 << 16
Member = Generator[bytes, None, int]


def zstd_frame(stream: IO[bytes], start: int, size: int) -> Member:
    """A frame of zstd: its parts state their length, so its end is found without decompressing."""
    if (end := _skippable(stream, start, size)) is not None:
        return end
    stream.seek(start)
    head = stream.read(18)
    if not ZSTD.match(head) or len(head) < 6:
        raise ValueError(f"the bytes from {start:,} on are no compressed ones")
    flags = head[4]
    single = flags >> 5 & 1
    num_dictionary = (0, 1, 2, 4)[flags & 3]
    num_content = (single, 2, 4, 8)[flags >> 6]
    place = 5 + (not single)
    if any(head[place : place + num_dictionary]):
        raise ValueError("it was compressed with a dictionary that is not in it")
    content = int.from_bytes(head[place + num_dictionary : place + num_dictionary + num_content], "little")
    stated = (content + 256 * (num_content == 2)) if num_content else None
    window = content if single else (1 << 10 + (head[5] >> 3)) // 8 * (8 + (head[5] & 7))
    place = start + place + num_dictionary + num_content
    cut = False
    while True:
        stream.seek(place)
        block = stream.read(3)
        if len(block) < 3:
            cut = True
            break
        header = int.from_bytes(block, "little")
        kind, length = header >> 1 & 3, header >> 3
        if kind == 3:
            raise ValueError("a block of it is of no kind")
        place += 3 + (1 if kind == 1 else length)
        if header & 1:
            break
    end = place + 4 * (flags >> 2 & 1)
    cut = cut or end > size
    if window > _WINDOW:
        pieces = _long_window(stream, start, min(end, size), None if cut else stated, single)
    else:
        pieces = _streamed(_Section(stream, start, min(end, size)), "zstd")
    yield from _to_the_cut(pieces) if cut else pieces
    return end


def _long_window(stream: IO[bytes], start: int, end: int, content: int | None, single: int) -> Iterator[bytes]:
    """A frame whose window is longer than pyarrow's stream takes."""
    if content is not None and content <= LARGEST_AT_ONCE:
        stream.seek(start)
        yield pa.Codec("zstd").decompress(stream.read(end - start), content, asbytes=True)
        return
    if single or content is not None:
        raise ValueError(f"it asks for more than {LARGEST_AT_ONCE >> 30} GiB of memory; compress it without --long")
    # Its size is not stated. Where it holds no more than a shorter window, that is enough for it.
    num_bytes = 0
    for piece in _streamed(_Section(stream, start, end, {5: (_WINDOW.bit_length() - 11) << 3}), "zstd"):
        num_bytes += len(piece)
        if num_bytes > _WINDOW:
            raise ValueError(
                f"it asks for a window of more than {_WINDOW >> 20} MiB; compress it without --long, or as a file "
                "and not from a pipe"
            )
        yield piece


def lz4_frame(stream: IO[bytes], start: int, size: int) -> Member:
    """A frame of lz4: its blocks state their length, too."""
    if (end := _skippable(stream, start, size)) is not None:
        return end
    stream.seek(start)
    head = stream.read(6)
    if not LZ4.match(head) or len(head) < 6:
        raise ValueError(f"the bytes from {start:,} on are no compressed ones")
    flags = head[4]
    if flags & 1:
        raise ValueError("it was compressed with a dictionary that is not in it")
    place = start + 7 + 8 * (flags >> 3 & 1)
    while True:
        stream.seek(place)
        block = stream.read(4)
        if len(block) < 4:
            break
        place += 4
        if block == b"\0\0\0\0":
            break
        place += (int.from_bytes(block, "little") & 0x7FFFFFFF) + 4 * (flags >> 4 & 1)
    end = place + 4 * (flags >> 2 & 1)
    pieces = _streamed(_Section(stream, start, min(end, size)), "lz4")
    yield from _to_the_cut(pieces) if len(block) < 4 or end > size else pieces
    return end


def _to_the_cut(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """What the beginning of a cut frame holds; raises EOFError at its end."""
    with suppress(OSError):  # the end that is missing
        yield from pieces
    raise EOFError(CUT)


def _skippable(stream: IO[bytes], start: int, size: int) -> int | None:
    """The end of a frame that holds no data; None where it is another."""
    stream.seek(start)
    head = stream.read(8)
    if not re.match(SKIPPABLE, head) or len(head) < 8:
        return None
    end = start + 8 + int.from_bytes(head[4:], "little")
    if end > size:
        raise EOFError("it ends within a part that holds no data")
    return end


class _Section(io.RawIOBase):
    """Bytes of a file from one place to another; `changed` are others that stand at places from its beginning."""

    def __init__(self, stream: IO[bytes], start: int, end: int, changed: dict[int, int] | None = None) -> None:
        self._stream, self._start, self._place, self._end = stream, start, start, end
        self._changed = changed or {}

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        self._stream.seek(self._place)
        left = self._end - self._place
        data = bytearray(self._stream.read(left if size < 0 else min(size, left)))
        for place, value in self._changed.items():
            if 0 <= place - (self._place - self._start) < len(data):
                data[place - (self._place - self._start)] = value
        self._place += len(data)
        return bytes(data)


def _streamed(section: _Section, codec: str) -> Iterator[bytes]:
    with pa.CompressedInputStream(pa.PythonFile(section, "r"), codec) as stream:
        while data := stream.read(_PIECE):
            yield data

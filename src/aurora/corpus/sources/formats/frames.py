"""Frames of zstd and lz4.

One decision: the blocks of a frame state their length, so its end is found without decompressing. Each frame is read
alone, and a damaged one does not affect the others.
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
# The largest window of zstd that pyarrow's stream accepts. Frames with a longer one (`zstd --long=31`) are read too if
# they state a size up to LARGEST_AT_ONCE or hold no more than such a window.
_WINDOW = 1 << 27
LARGEST_AT_ONCE = 1 << 30  # bytes decompressed in one piece
_PIECE = 1 << 16
Member = Generator[bytes, None, int]


def zstd_frame(stream: IO[bytes], start: int, size: int) -> Member:
    """The content of a zstd frame (RFC 8878) that begins at byte `start`; returns the byte after it."""
    if (end := _skippable(stream, start, size)) is not None:
        return end
    stream.seek(start)
    head = stream.read(18)  # the longest header
    if not ZSTD.match(head) or len(head) < 6:
        raise ValueError(f"the bytes from {start:,} on are not compressed")
    flags = head[4]
    # Section 3.1.1.1: whether window and content are one segment, and the sizes of two fields. A content size of two
    # bytes is stored less 256, and a window as exponent and eighths.
    single = flags >> 5 & 1
    num_dictionary = (0, 1, 2, 4)[flags & 3]
    num_content = (single, 2, 4, 8)[flags >> 6]
    at = 5 + (not single)
    if any(head[at : at + num_dictionary]):
        raise ValueError("it was compressed with a dictionary, which it does not include")
    content = int.from_bytes(head[at + num_dictionary : at + num_dictionary + num_content], "little")
    stated = (content + 256 * (num_content == 2)) if num_content else None
    window = content if single else (1 << 10 + (head[5] >> 3)) // 8 * (8 + (head[5] & 7))
    at = start + at + num_dictionary + num_content
    cut = False
    while True:
        stream.seek(at)
        block = stream.read(3)
        if len(block) < 3:
            cut = True
            break
        header = int.from_bytes(block, "little")
        kind, length = header >> 1 & 3, header >> 3
        if kind == 3:
            raise ValueError("a block has the reserved type 3")
        at += 3 + (1 if kind == 1 else length)  # of kind 1 a block is one byte, to be repeated
        if header & 1:
            break
    end = at + 4 * (flags >> 2 & 1)  # the checksum, if there is one
    cut = cut or end > size
    if window > _WINDOW:
        pieces = _long_window(stream, start, min(end, size), None if cut else stated, single)
    else:
        pieces = _streamed(_Section(stream, start, min(end, size)), "zstd")
    yield from _to_the_cut(pieces) if cut else pieces
    return end


def _long_window(stream: IO[bytes], start: int, end: int, content: int | None, single: int) -> Iterator[bytes]:
    """The content of a frame whose window is longer than pyarrow's stream accepts."""
    if content is not None and content <= LARGEST_AT_ONCE:
        stream.seek(start)
        yield pa.Codec("zstd").decompress(stream.read(end - start), content, asbytes=True)
        return
    if single or content is not None:
        raise ValueError(f"it needs more than {LARGEST_AT_ONCE >> 30} GiB of memory; compress it without --long")
    # The size is not stated. A shorter window, written over the stated one, suffices if the content fits in it.
    num_bytes = 0
    for piece in _streamed(_Section(stream, start, end, {5: (_WINDOW.bit_length() - 11) << 3}), "zstd"):
        num_bytes += len(piece)
        if num_bytes > _WINDOW:
            raise ValueError(
                f"it needs a window of more than {_WINDOW >> 20} MiB; compress it without --long, or as a file "
                "and not from a pipe"
            )
        yield piece


def lz4_frame(stream: IO[bytes], start: int, size: int) -> Member:
    """The content of an lz4 frame that begins at byte `start`; returns the byte after it."""
    if (end := _skippable(stream, start, size)) is not None:
        return end
    stream.seek(start)
    head = stream.read(6)
    if not LZ4.match(head) or len(head) < 6:
        raise ValueError(f"the bytes from {start:,} on are not compressed")
    flags = head[4]
    if flags & 1:
        raise ValueError("it was compressed with a dictionary, which it does not include")
    at = start + 7 + 8 * (flags >> 3 & 1)
    while True:
        stream.seek(at)
        block = stream.read(4)
        if len(block) < 4:
            break
        at += 4
        if block == b"\0\0\0\0":
            break
        at += (int.from_bytes(block, "little") & 0x7FFFFFFF) + 4 * (flags >> 4 & 1)
    end = at + 4 * (flags >> 2 & 1)
    pieces = _streamed(_Section(stream, start, min(end, size)), "lz4")
    yield from _to_the_cut(pieces) if len(block) < 4 or end > size else pieces
    return end


def _to_the_cut(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The content of the beginning of a truncated frame; raises EOFError at its end."""
    with suppress(OSError):  # pyarrow's complaint about the missing end
        yield from pieces
    raise EOFError(CUT)


def _skippable(stream: IO[bytes], start: int, size: int) -> int | None:
    """The end of a frame without data; None for any other frame."""
    stream.seek(start)
    head = stream.read(8)
    if not re.match(SKIPPABLE, head) or len(head) < 8:
        return None
    end = start + 8 + int.from_bytes(head[4:], "little")
    if end > size:
        raise EOFError("it ends within a part without data")
    return end


class _Section(io.RawIOBase):
    """The bytes of a file from `start` to `end`; `changed` replaces some of them, by position from `start`."""

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

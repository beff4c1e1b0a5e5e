"""Frames of zstd and lz4: where each ends, and what becomes of one that is cut or asks for too much."""

from __future__ import annotations

import io
from collections.abc import Callable

import pyarrow as pa
import pytest

from aurora.corpus.sources.formats.frames import Member, lz4_frame, zstd_frame

CONTENT = bytes(range(256)) * 40
NOTHING = b"\x53\x2a\x4d\x18\x05\0\0\0other"
Read = Callable[[io.BytesIO, int, int], Member]


def packed(codec: str, content: bytes = CONTENT) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, codec) as stream:
        stream.write(content)
    return bytes(sink.getvalue().to_pybytes())


def whole(read: Read, data: bytes, start: int = 0) -> tuple[bytes, int]:
    """The content of a frame, and where it ends."""
    member, content = read(io.BytesIO(data), start, len(data)), b""
    while True:
        try:
            content += next(member)
        except StopIteration as end:
            return content, int(end.value)


both = pytest.mark.parametrize(("read", "codec"), [(zstd_frame, "zstd"), (lz4_frame, "lz4")])


@both
def test_a_frame_ends_where_its_blocks_say(read: Read, codec: str) -> None:
    frame = packed(codec)
    assert whole(read, frame) == (CONTENT, len(frame))
    assert whole(read, b"xyz" + frame + b"what follows", 3) == (CONTENT, 3 + len(frame))


@both
def test_a_frame_without_data_is_passed_over(read: Read, codec: str) -> None:
    assert whole(read, NOTHING + packed(codec)) == (b"", len(NOTHING))
    with pytest.raises(EOFError, match="it ends within a part without data"):
        whole(read, NOTHING[:-1])


@both
def test_bytes_that_begin_no_frame_are_told_by_their_place(read: Read, codec: str) -> None:
    with pytest.raises(ValueError, match="the bytes from 1,234 on are not compressed"):
        whole(read, bytes(2000), 1234)


@both
def test_a_cut_frame_says_so(read: Read, codec: str) -> None:
    with pytest.raises(EOFError, match="it ends within a compressed part"):
        whole(read, packed(codec)[:-1])


@pytest.mark.parametrize(
    ("read", "head"), [(zstd_frame, b"\x28\xb5\x2f\xfd\x01\x50\x07"), (lz4_frame, b"\x04\x22\x4d\x18\x61\x40")]
)
def test_a_dictionary_that_is_not_there_is_named(read: Read, head: bytes) -> None:
    with pytest.raises(ValueError, match="with a dictionary, which it does not include"):
        whole(read, head + bytes(20))

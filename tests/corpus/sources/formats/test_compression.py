"""Compressed files told by their content, and what is read of damaged ones."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aurora.corpus.document import Document, Quarantined
from aurora.corpus.sources import read_source
from aurora.corpus.sources.formats import compression, frames
from aurora.recipe.sources import JsonlSource

LINES = [json.dumps({"text": f"text {number} {number * 7919}"}).encode() + b"\n" for number in range(4)]
TEXTS = [json.loads(line)["text"] for line in LINES]
Pack = Callable[[bytes], bytes]


def streamed(codec: str) -> Pack:
    def pack(data: bytes) -> bytes:
        sink = pa.BufferOutputStream()
        with pa.CompressedOutputStream(sink, codec) as stream:
            stream.write(data)
        return sink.getvalue().to_pybytes()

    return pack


def long_frame(data: bytes, window: int, stated: int | None = None) -> bytes:
    """A frame of zstd with a window of 2^window bytes, in blocks as they are; the size of its content may be stated."""
    flags = 0 if stated is None else 0x80
    size = b"" if stated is None else stated.to_bytes(4, "little")
    head = b"\x28\xb5\x2f\xfd" + bytes([flags, (window - 10) << 3]) + size
    blocks = [data[start : start + 100_000] for start in range(0, len(data) or 1, 100_000)]
    return head + b"".join(
        (len(block) << 3 | (number == len(blocks))).to_bytes(3, "little") + block
        for number, block in enumerate(blocks, 1)
    )


PACKED: dict[str, Pack] = {
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": streamed("zstd"),
    "zstd of raw blocks": lambda data: long_frame(data, 20),
    "lz4": streamed("lz4"),
}
with_checks = pytest.mark.parametrize("pack", [PACKED[name] for name in ("gzip", "bzip2", "xz")])
with_every_format = pytest.mark.parametrize("pack", PACKED.values(), ids=PACKED)


def read(folder: Path, data: bytes, name: str = "a.jsonl") -> tuple[list[str], list[Quarantined]]:
    (folder / name).write_bytes(data)
    found = list(read_source("web", JsonlSource(kind="jsonl", paths=[name]), folder, folder))
    texts = [item.text for item in found if isinstance(item, Document)]
    return texts, [item for item in found if isinstance(item, Quarantined)]


@with_every_format
@pytest.mark.parametrize("name", ["a.jsonl", "A.JSONL.GZ", "a.jsonl.zstd", "a", "a.xz"])
def test_a_format_is_told_by_content(tmp_path: Path, pack: Pack, name: str) -> None:
    assert read(tmp_path, pack(b"".join(LINES)), name) == (TEXTS, [])
    assert read(tmp_path, b"".join(LINES), name) == (TEXTS, [])


@with_every_format
def test_members_and_zeros_behind_them(tmp_path: Path, pack: Pack) -> None:
    whole = b"".join(map(pack, LINES))
    for data in (whole, whole + bytes(512), pack(b"") + whole, pack(LINES[0]) + bytes(12) + pack(b"".join(LINES[1:]))):
        assert read(tmp_path, data) == (TEXTS, [])


@with_every_format
def test_whole_members_before_a_cut_one_are_kept(tmp_path: Path, pack: Pack) -> None:
    whole = b"".join(map(pack, LINES))
    for cut in (1, 3, len(pack(LINES[3])) // 2, len(pack(LINES[3])) - 2):
        texts, broken = read(tmp_path, whole[:-cut])
        assert texts[:3] == TEXTS[:3]
        assert texts[3:] in ([], TEXTS[3:])  # what is cut may be the check sum alone
        assert ["cannot be read to its end" in item.error for item in broken] == [True]


@with_every_format
def test_a_damaged_member_costs_no_other(tmp_path: Path, pack: Pack) -> None:
    first, second, *others = map(pack, LINES)
    damaged = bytearray(second)
    damaged[len(damaged) // 3 : -2] = bytes(byte ^ 0xA5 for byte in damaged[len(damaged) // 3 : -2])
    for bad in (bytes(damaged), b"\0" + second[1:]):
        texts, broken = read(tmp_path, b"".join([first, bad, *others]))
        assert (texts, len(broken)) == ([TEXTS[0], *TEXTS[2:]], 1)


@with_checks
def test_what_a_check_sum_denies_is_left_out(tmp_path: Path, pack: Pack) -> None:
    first, second, *others = map(pack, LINES)
    for place in range(2 * len(second) // 3, len(second) - 8):
        bad = bytearray(second)
        bad[place] ^= 1
        for data in (bytes(bad), second[:place]):
            texts, broken = read(tmp_path, b"".join([first, data, *others]))
            assert (texts, len(broken)) == ([TEXTS[0], *TEXTS[2:]], 1)
            assert "the file is damaged from byte" in broken[0].error
            assert read(tmp_path, data + first)[0] == TEXTS[:1]


@with_every_format
def test_what_stands_behind_the_last_member_is_said(tmp_path: Path, pack: Pack) -> None:
    texts, broken = read(tmp_path, b"".join(map(pack, LINES)) + b"something else")
    assert texts == TEXTS
    assert [(item.where, item.unread) for item in broken] == [("a.jsonl", 14)]


def test_a_long_member_is_not_held_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "HELD", 5000)
    monkeypatch.setattr(compression, "_PIECE_OUT", 1000)
    many = [json.dumps({"text": str(number)}).encode() + b"\n" for number in range(2000)]
    data = gzip.compress(b"".join(many))
    assert len(read(tmp_path, data)[0]) == 2000
    damaged = bytearray(data)
    damaged[-5] ^= 1
    texts, broken = read(tmp_path, bytes(damaged) + gzip.compress(LINES[0]))
    assert texts[:1000] == [str(number) for number in range(1000)]
    assert (texts[-1], len(broken)) == (TEXTS[0], 1)


def test_long_windows_of_zstd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = b"".join(LINES)
    assert read(tmp_path, long_frame(whole, 31)) == (TEXTS, [])
    assert read(tmp_path, long_frame(whole, 31, len(whole))) == (TEXTS, [])
    assert read(tmp_path, long_frame(LINES[0], 31) + long_frame(LINES[1], 31)) == (TEXTS[:2], [])
    monkeypatch.setattr(frames, "LARGEST_AT_ONCE", 50)
    texts, broken = read(tmp_path, long_frame(whole, 31, len(whole)) + long_frame(LINES[1], 20))
    assert (texts, len(broken)) == (TEXTS[1:2], 1)
    assert "compress it without --long" in broken[0].error
    monkeypatch.setattr(frames, "_WINDOW", 1 << 17)
    texts, broken = read(tmp_path, long_frame(whole * 3000, 31))
    assert (texts, len(broken)) == ([], 1)
    assert "it needs a window of more than" in broken[0].error


def test_what_zstd_and_lz4_pass_over(tmp_path: Path) -> None:
    nothing = b"\x53\x2a\x4d\x18\x05\0\0\0other"
    for pack in (PACKED["zstd"], PACKED["lz4"]):
        assert read(tmp_path, nothing + pack(LINES[0]) + nothing + pack(LINES[1]) + nothing) == (TEXTS[:2], [])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"PK\x03\x04" + bytes(100), "a ZIP archive: unpack it first"),
        (b"name" + bytes(253) + b"ustar\x0000" + bytes(300), "a tar archive"),
        (gzip.compress(gzip.compress(LINES[0], mtime=0), mtime=0), "compressed twice"),
        (b"\x02\x21\x4c\x18" + bytes(40), "legacy lz4"),
        (b"\x5d\x00\x00\x80\x00" + b"\xff" * 8 + bytes(9), "lzma: unpack it"),
        (b"PAR1" + bytes(40), "kind: parquet"),
        (b"%PDF-1.7\n", "PDF"),
    ],
)
def test_what_is_not_read_is_named(tmp_path: Path, data: bytes, said: str) -> None:
    texts, broken = read(tmp_path, data)
    assert (texts, len(broken)) == ([], 1)
    assert said in broken[0].error


def test_an_ending_that_the_content_denies(tmp_path: Path) -> None:
    texts, broken = read(tmp_path, b"\x00\x8b\x08 damaged", "a.jsonl.gz")
    assert (texts, [item.error for item in broken]) == (
        [], ["the file ends with .gz, but its content is not compressed like that"],
    )  # fmt: skip


def test_reading_on_after_damage_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "_MOST_TRIED", 10_000_000)
    _, broken = read(tmp_path, b"\x1f\x8b\x08\x00" * 200_000)
    assert [item.unread for item in broken] == [800_000]


@given(st.data())
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_damage_costs_no_member_that_it_does_not_touch(tmp_path: Path, data: st.DataObject) -> None:
    pack = PACKED[data.draw(st.sampled_from(["gzip", "bzip2", "xz"]))]
    members = [bytearray(pack(line)) for line in LINES]
    hurt = data.draw(st.integers(0, 3))
    places = st.integers(0, len(members[hurt]) - 1)
    for place, byte in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=5)):
        members[hurt][place] = byte
    if data.draw(st.booleans()):
        del members[hurt][data.draw(places) :]
    texts, _ = read(tmp_path, b"".join(map(bytes, members)))
    if hurt:  # the first says what the file is
        assert set(TEXTS) >= set(texts) >= {text for number, text in enumerate(TEXTS) if number != hurt}


def test_peeking_at_the_format_leaves_the_stream_where_it_was() -> None:
    for pack in PACKED.values():
        stream = io.BytesIO(pack(LINES[0]))
        found = compression.format_of(stream)
        assert found is not None
        assert stream.tell() == 0
    assert compression.format_of(io.BytesIO(b"BZh9 is no archive")) is None

"""Records of archives, and what is read of damaged ones."""

from __future__ import annotations

import io
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aurora.corpus.sources.formats import warc
from aurora.corpus.sources.formats.warc import Bad, Record, read_records
from corpus.sources.small_warcs import record

RECORDS = [record("resource", f"content {number} ".encode() * (number + 1), f"a:{number}") for number in range(5)]
CONTENTS = [f"content {number} ".encode() * (number + 1) for number in range(5)]


def read(data: bytes, most: int = 1000) -> tuple[list[bytes], list[Bad]]:
    found = list(read_records(io.BytesIO(data), most))
    return [item.content for item in found if isinstance(item, Record)], [i for i in found if isinstance(i, Bad)]


def test_whole_records() -> None:
    data = b"".join(RECORDS)
    assert read(data) == (CONTENTS, [])
    assert read(data.replace(b"\r\n\r\nWARC/", b"\nWARC/").rstrip(b"\r\n")) == (
        CONTENTS,
        [],
    )  # as careless writers end them
    assert read(data.replace(b"\r\n", b"\n")) == (CONTENTS, [])
    assert read(data + bytes(512)) == (CONTENTS, [])
    assert read(b"") == ([], [])
    found = list(read_records(io.BytesIO(RECORDS[4]), 10))
    assert [(item.content, item.length, item.number) for item in found if isinstance(item, Record)] == [
        (CONTENTS[4][:10], len(CONTENTS[4]), 1)
    ]


def test_headers() -> None:
    data = b"WARC/1.0\r\nWARC-Type: a\r\n  b\r\ncontent-LENGTH:3\r\nno header\r\nX: 1\r\nX: 2\r\n\r\nabc\r\n\r\n"
    (found,) = read_records(io.BytesIO(data), 10)
    assert isinstance(found, Record)
    assert found.headers == {"warc-type": "a b", "content-length": "3", "x": "1"}


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (RECORDS[2].replace(b"WARC/1.1", b"WARS/1.1"), "no record begins"),
        (b"some words\r\nof something\r\n", "no record begins"),
        (b"\x00\xff" * 500 + b"\n", "no record begins"),
        (RECORDS[2].replace(b"Content-Length", b"Content-Size"), "does not state its length"),
        (RECORDS[2].replace(b"Content-Length: 30", b"Content-Length: many"), "does not state its length"),
        (RECORDS[2].replace(b"Content-Length: 30", b"Content-Length: -3"), "does not state its length"),
        (RECORDS[2].replace(b"Content-Length: 30", b"Content-Length: 3"), "does not end where it says"),
        (RECORDS[2].replace(b"Content-Length: 30", b"Content-Length: 300"), "does not end where it says"),
        (RECORDS[2].replace(b"Content-Length: 30", b"Content-Length: 3000000"), "does not end where it says"),
        (RECORDS[2][:-20], "does not end where it says"),
        (RECORDS[2][:60], "no record begins|headers of the record break off|does not state its length"),
        (RECORDS[2].replace(b"WARC-Date", b"X: " + b"y" * 70_000 + b"\r\nWARC-Date"), "too long"),
        (RECORDS[2].replace(b"WARC-Date", b"X: y\r\n" * 70_000 + b"WARC-Date"), "too long"),
    ],
)
def test_a_bad_record_costs_no_other(bad: bytes, reason: str) -> None:
    contents, found = read(b"".join([*RECORDS[:2], bad + b"\r\n" * (not bad.endswith(b"\n")), *RECORDS[3:]]))
    assert contents == [*CONTENTS[:2], *CONTENTS[3:]]
    assert len(found) == 1
    assert re.search(reason, found[0].reason)
    assert found[0].unread > 0 or "state" in reason


def test_an_archive_that_is_cut() -> None:
    whole = b"".join(RECORDS)
    for cut in range(len(RECORDS[4]) - len(RECORDS[4].rstrip()) + 1, len(RECORDS[4])):
        contents, found = read(whole[:-cut])
        assert contents == CONTENTS[:4]
        assert [item.number for item in found] in ([5], [None])


def test_an_archive_within_a_record_is_its_content() -> None:
    inner = b"".join(RECORDS[:2])
    assert read(record("resource", inner) + RECORDS[3]) == ([inner, CONTENTS[3]], [])


def test_wrong_lengths_take_time_by_the_size_of_the_archive() -> None:
    bad = record("resource", b"x" * 10).replace(b"Content-Length: 10", b"Content-Length: 4999999")
    start = time.process_time()
    contents, found = read(bad * 5000 + RECORDS[0], 5_000_000)
    assert (contents, len(found)) == (CONTENTS[:1], 5000)
    assert time.process_time() - start < 5


@given(st.data())
@settings(deadline=None, max_examples=200)
def test_any_damage_within_a_record_costs_that_one_alone(data: st.DataObject) -> None:
    hurt = data.draw(st.integers(0, 4))
    damaged = bytearray(RECORDS[hurt])
    for place, byte in data.draw(
        st.lists(st.tuples(st.integers(0, len(damaged) - 5), st.integers(0, 255)), min_size=1, max_size=5)
    ):
        damaged[place] = byte
    contents, _ = read(b"".join([*RECORDS[:hurt], bytes(damaged), *RECORDS[hurt + 1 :]]), warc._SKIPPED)
    for number, content in enumerate(CONTENTS):
        assert number == hurt or content in contents

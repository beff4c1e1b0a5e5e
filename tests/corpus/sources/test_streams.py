"""Files as lines and paragraphs in bounded memory: what is too long is passed over."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest

from aurora.corpus.sources import streams
from aurora.corpus.sources.streams import is_cuttable, numbered_lines, pieces


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("file", [(1, b"\none\ntwo\n \n\nthree\n")]),
        ("paragraph", [(2, b"one\ntwo"), (6, b"three")]),
        ("line", [(1, b""), (2, b"one"), (3, b"two"), (4, b" "), (5, b""), (6, b"three")]),
    ],
)
def test_each_document_has_the_number_of_its_first_line(document: str, expected: list[tuple[int, bytes]]) -> None:
    for mark in (b"", b"\xef\xbb\xbf"):
        assert list(pieces(io.BytesIO(mark + b"\none\ntwo\n \n\nthree\n"), document)) == expected


def test_a_line_too_long_is_none_and_the_next_one_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "LONGEST_LINE", 6)
    lines = list(numbered_lines(io.BytesIO(b"12345\n1234567890123\nend")))
    assert lines == [(1, b"12345\n"), (2, None), (3, b"end")]


def test_a_file_too_large_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "LARGEST_FILE", 4)
    assert list(pieces(io.BytesIO(b"1234"), "file")) == [(1, b"1234")]
    assert list(pieces(io.BytesIO(b"12345"), "file")) == [(1, None)]


def test_lines_are_those_that_begin_before_an_end_and_keep_their_numbers() -> None:
    stream = io.BytesIO(b"one\ntwo\nthree\n")
    assert list(numbered_lines(stream, 7, 5)) == [(7, b"one\n"), (8, b"two\n")]
    assert list(numbered_lines(stream, 9, 5)) == []


@pytest.mark.parametrize(
    ("content", "cuttable"),
    [
        (b'{"a": 1}\n', True),
        (b"\xef\xbb\xbf{}\n", True),
        (b" [1]", False),
        (b"\xef\xbb\xbf[1]", False),
        ("{}".encode("utf-16"), False),
        (gzip.compress(b"{}", mtime=0), False),
    ],
)
def test_only_lines_of_plain_utf_8_are_read_from_their_middle(tmp_path: Path, content: bytes, cuttable: bool) -> None:
    (tmp_path / "a").write_bytes(content)
    assert is_cuttable(tmp_path / "a") is cuttable

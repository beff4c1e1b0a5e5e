"""Which files somebody means by files, patterns and folders, and what is refused in a sentence."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from aurora.errors import UserError
from aurora.starting.files import named, texts_of

ROW = '{"text": "Joki on leveä."}\n'


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder whose `news/` holds JSON lines, packed and not, below each other."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "news/2023").mkdir(parents=True)
    (tmp_path / "news/a.jsonl").write_text(ROW)
    (tmp_path / "news/2023/b.jsonl.gz").write_bytes(gzip.compress(ROW.encode()))
    return tmp_path


def test_a_folder_is_the_files_of_text_below_it(here: Path) -> None:
    (here / "news/.hidden").write_text("x")
    (here / "news/picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    found = texts_of(["news"])
    assert (found.kind, found.files) == ("jsonl", [Path("news/2023/b.jsonl.gz"), Path("news/a.jsonl")])
    assert found.patterns == ["news/**/*.jsonl.gz", "news/**/*.jsonl"]
    assert found.left_out == [Path("news/picture.png")]


def test_a_folder_is_stated_by_its_files_where_a_pattern_would_match_others(here: Path) -> None:
    (here / "news/late.jsonl").write_bytes(b"\0\0")
    assert texts_of(["news"]).patterns == ["news/2023/b.jsonl.gz", "news/a.jsonl"]
    (here / "news/plain").write_text(ROW)
    assert "news/plain" in texts_of(["news"]).patterns


def test_files_patterns_and_the_home_folder(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(here))
    assert texts_of(["news/a.jsonl", "news/*/*.gz"]).patterns == ["news/a.jsonl", "news/*/*.gz"]
    assert texts_of(["~/news/*.jsonl"]).files == [Path("news/a.jsonl")]


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.txt", "Joki on leveä.\n".encode(), "text"),
        ("a.md", b"# Joki\n", "text"),
        ("cut.txt", ("x" * 4095 + "ä").encode(), "text"),  # its first bytes end within a letter
        ("a.json", (b'[{"text": "Joki"}]'), "jsonl"),
        ("a.json.gz", gzip.compress(ROW.encode(), mtime=0), "jsonl"),
    ],
    ids=range(5),
)
def test_the_kind_of_a_file_is_told_by_its_content(name: str, content: bytes, kind: str) -> None:
    Path(name).write_bytes(content)
    assert texts_of([name]).kind == kind


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "a.csv",
            b"a,b\n1,2\n",
            "--text a.csv: this is a table of separated values: write it as JSON lines",
        ),
        ("a.txt", "leveä".encode("latin-1"), "--text a.txt: this is not UTF-8: save it as UTF-8."),
        ("a.bin", b"ab\0c", "--text a.bin: this is no text: give JSON lines, Parquet or text files."),
        ("a.pdf", b"%PDF-1.7", "--text a.pdf: the file is a PDF file: extract its text first."),
        ("a.zip", b"PK\x03\x04", "--text a.zip: the file is a ZIP archive: unpack it first."),
    ],
    ids=range(5),
)
def test_a_file_that_is_no_text_is_refused_with_what_to_do(name: str, content: bytes, said: str) -> None:
    Path(name).write_bytes(content)
    with pytest.raises(UserError) as refused:
        texts_of([name])
    assert str(refused.value).startswith(said)


def test_a_mixture_of_kinds_is_refused_in_one_sentence() -> None:
    Path("news/README.md").write_text("About these files.\n")
    pq.write_table(pa.table({"text": ["Joki"]}), "c.parquet")
    with pytest.raises(UserError) as refused:
        texts_of(["news", "c.parquet"])
    assert str(refused.value) == (
        "--text: a source has files of one kind, and these are 2 of JSON lines (news/2023/b.jsonl.gz) and 1 of "
        "plain text (news/README.md) and 1 of Parquet (c.parquet): give those of one, for instance "
        "--text 'news/**/*.jsonl.gz'."
    )


def test_a_slip_and_an_empty_folder_are_named(here: Path) -> None:
    with pytest.raises(UserError, match=r"--text nwes: no file matches \(did you mean news\?\)\.$"):
        texts_of(["nwes"])
    (here / "empty").mkdir()
    with pytest.raises(UserError, match=r"--text empty: this folder holds no files of text\.$"):
        texts_of(["empty"])
    (here / "empty/x").write_bytes(b"\0")
    with pytest.raises(UserError, match=r"no files of text \(the first: empty/x: this is no text: give"):
        texts_of(["empty"])


def test_some_files_are_named_and_the_rest_counted() -> None:
    assert named([Path("a"), Path("b")]) == "a, b"
    assert named([Path(str(number)) for number in range(5)]) == "0, 1, 2 and 2 more"


def test_a_pipe_or_a_device_is_no_text(here: Path) -> None:
    os.mkfifo(here / "pipe.jsonl")
    (here / "zero.jsonl").symlink_to("/dev/zero")
    for name in ("pipe.jsonl", "zero.jsonl"):
        with pytest.raises(UserError, match=rf"--text {name}: this is a pipe or a device: give a regular file"):
            texts_of([name])

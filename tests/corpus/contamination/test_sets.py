from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pytest

from aurora.corpus.contamination import sets as benchmark_sets
from aurora.corpus.contamination.sets import Item, identity, read_set, set_files
from aurora.errors import UserError

ROWS = [
    {"id": "q/1", "question": "Who?", "choices": ["me", "you"], "answer": 1, "meta": {"note": "n", "x": None}},
    {"question": "When?"},
    {"id": 7, "question": "Where?"},
]
LINES = "\n\n".join(json.dumps(row) for row in ROWS).encode()


def test_every_string_is_a_text_but_the_name(tmp_path: Path) -> None:
    (tmp_path / "set.jsonl").write_bytes(LINES)
    assert list(read_set("quiz", tmp_path / "set.jsonl")) == [
        Item("quiz", "q/1", ("Who?", "me", "you", "n")),
        Item("quiz", "set.jsonl:3", ("When?",)),
        Item("quiz", "7", ("Where?",)),
    ]


def test_fields_choose_the_texts(tmp_path: Path) -> None:
    (tmp_path / "set.jsonl").write_bytes(LINES)
    found = [item.texts for item in read_set("quiz", tmp_path / "set.jsonl", ["choices", "question"])]
    assert found == [("me", "you", "Who?"), ("When?",), ("Where?",)]


def test_folders_hold_files_of_any_compression(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "one.jsonl.gz").write_bytes(gzip.compress(LINES))
    with pa.output_stream(str(tmp_path / "two.jsonl.zst"), compression="zstd") as stream:
        stream.write(LINES)
    (tmp_path / "SOURCES.md").write_text("not a set")
    assert [file.name for file in set_files("quiz", tmp_path)] == ["one.jsonl.gz", "two.jsonl.zst"]
    assert len(list(read_set("quiz", tmp_path))) == 6
    assert identity("quiz", tmp_path).keys() == {f"{tmp_path.name}/b/one.jsonl.gz", f"{tmp_path.name}/two.jsonl.zst"}


@pytest.mark.parametrize(
    ("content", "fields", "message"),
    [
        (b"{", [], r"sets.quiz: .*set.jsonl, line 1 is not valid JSON"),
        (b'{"a": "b"}\n["c"]', [], "line 2 is not a JSON object"),
        (b'{"a": "b"}', ["a", "question"], "no row of .* has the field question; correct"),
    ],
)
def test_what_is_no_set_is_said(tmp_path: Path, content: bytes, fields: list[str], message: str) -> None:
    (tmp_path / "set.jsonl").write_bytes(content)
    with pytest.raises(UserError, match=message):
        list(read_set("quiz", tmp_path / "set.jsonl", fields))


def test_missing_and_damaged_files_are_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"contamination.sets.quiz: .* is neither a file nor a folder of files"):
        list(read_set("quiz", tmp_path))
    (tmp_path / "cut.jsonl.gz").write_bytes(gzip.compress(LINES)[:-20])
    with pytest.raises(UserError, match="cannot be read to its end"):
        list(read_set("quiz", tmp_path))


def test_a_row_without_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark_sets, "LONGEST_ROW", 100)
    (tmp_path / "a.jsonl").write_bytes(b'{"question": "What is it?"}\n' + b" " * 1000)
    with pytest.raises(UserError, match=r"a\.jsonl has a row of more than 100 bytes, which is not an item"):
        list(benchmark_sets.read_set("a", tmp_path / "a.jsonl"))

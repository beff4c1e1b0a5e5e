"""What is found in somebody's text: its kind, its keys, its size and its language."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from aurora.errors import UserError
from aurora.starting.look import look_at
from small_run import WORDS

FINNISH = f"{WORDS['fi']}. " * 3
ENGLISH = f"{WORDS['en']}. " * 3


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_rows(name: str, rows: Sequence[dict[str, Any]]) -> None:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    Path(name).write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())


@pytest.mark.parametrize(
    ("row", "text_key", "language_key"),
    [
        ({"text": FINNISH, "lang": "fi"}, "text", "lang"),
        ({"id": "a" * 40, "content": FINNISH, "title": "Joki"}, "content", None),
        ({"id": 7, "saga": {"kappale": FINNISH}, "meta": {"language": "fin_Latn"}}, "saga.kappale", "meta.language"),
        ({"summary": FINNISH * 2, "text": FINNISH, "language": "a language"}, "text", None),
    ],
)
def test_the_keys_of_rows_are_found(row: dict[str, Any], text_key: str, language_key: str | None) -> None:
    write_rows("a.jsonl", [row] * 20)
    found = look_at(["a.jsonl"], "fi")
    assert (found.kind, found.text_key, found.language_key) == ("jsonl", text_key, language_key)
    assert found.languages == {"fi": 20}
    assert found.first == FINNISH[:72]
    text = len((row.get("text") or row.get("content") or row["saga"]["kappale"]).encode())
    assert found.size == pytest.approx(20 * text, rel=0.01)


def test_parquet_and_packed_files_count_for_the_text_in_them() -> None:
    pq.write_table(pa.table({"body": [FINNISH] * 20}), "a.parquet")
    found = look_at(["a.parquet"], "fi")
    assert (found.kind, found.text_key) == ("parquet", "body")
    assert found.size == 4 * Path("a.parquet").stat().st_size
    write_rows("a.jsonl.gz", [{"text": FINNISH}] * 20)
    assert look_at(["a.jsonl.gz"], "fi").kind == "jsonl"


def test_plain_text_is_files_or_of_one_file_its_paragraphs_or_lines() -> None:
    Path("lines.txt").write_text(f"{FINNISH}\n" * 12)
    assert look_at(["lines.txt"], "fi").document == "line"
    Path("paragraphs.txt").write_text(f"{FINNISH}\n\n" * 12)
    assert (look_at(["paragraphs.txt"], "fi").document, look_at(["paragraphs.txt"], "fi").documents) == (
        "paragraph",
        12,
    )
    assert look_at(["*.txt"], "fi").document == "file"


def test_only_what_is_surely_another_language_counts_against_the_one_that_is_named() -> None:
    write_rows("a.jsonl", [{"text": ENGLISH}] * 12 + [{"text": FINNISH}] * 3 + [{"text": "joo"}])
    assert look_at(["a.jsonl"], "fi").languages == {"en": 12, "fi": 4}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("none.jsonl", None, "--text none.jsonl: no file matches (check the path, and quote a pattern)."),
        (
            "a.html",
            "<!DOCTYPE html><p>x",
            "--text a.html: this holds web pages: write `kind: html` or `kind: warc` in a recipe",
        ),
        ("a.jsonl", '{"a": 1}\n', "a.jsonl has no rows with text: give JSON lines, Parquet or text files as --text."),
        ("a.txt", " \n", "a.txt has no text in its first 200 rows: give other files as --text."),
    ],
)
def test_what_is_no_text_is_refused(name: str, content: str | None, said: str) -> None:
    if content is not None:
        Path(name).write_text(content)
    with pytest.raises(UserError) as error:
        look_at([name], "fi")
    assert said in str(error.value)

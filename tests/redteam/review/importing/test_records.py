from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from aurora.errors import UserError
from aurora.redteam.review.importing import records
from aurora.redteam.review.importing.records import read_records


def test_each_layout_gives_the_same_records(tmp_path: Path) -> None:
    rows = [{"id": "1", "prompt": "A, b", "lang": "fi"}, {"id": "2", "prompt": 'C\n"d"', "lang": "ja"}]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n\n" for row in rows), encoding="utf-8")
    (tmp_path / "a.json").write_text(json.dumps(rows), encoding="utf-8-sig")
    (tmp_path / "a.csv").write_text(
        'id,prompt,lang\r\n1,"A, b",fi\r\n2,"C\n""d""",ja\r\n', encoding="utf-8", newline=""
    )
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    argilla = [
        {"id": row["id"], "fields": {"prompt": row["prompt"]}, "metadata": {"lang": row["lang"]}} for row in rows
    ]
    (tmp_path / "records.json").write_text(json.dumps(argilla), encoding="utf-8")
    for name in ("a.jsonl", "a.json", "a.csv", "a.parquet", "records.json"):
        assert [dict(record.values) for record in read_records(tmp_path / name)] == [
            {key: row[key] for key in record}
            for row, record in zip(rows, [record.values for record in read_records(tmp_path / name)], strict=True)
        ]
        assert [record.values["id"] for record in read_records(tmp_path / name)] == ["1", "2"], name


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.jsonl", b'{"prompt": "a"}\n{"prompt', "line 2: this is not valid JSON"),
        ("a.jsonl", b"[1]\n", "not valid|no item"),
        ("a.jsonl", b'"text"\n', "this is no item"),
        ("a.jsonl", b'{"prompt": "\xff"}\n', "not valid JSON"),
        ("a.jsonl", b"[" * 200_000, "not valid JSON"),
        ("a.json", b'[{"prompt": "a"}, 5]', "item 2: this is no item"),
        ("a.parquet", b"PAR1 no", "no Parquet"),
        ("a.csv", b"prompt\n\xff\n", "no CSV in UTF-8"),
        ("a.csv", b'prompt\n"a\n', "no CSV"),
    ],
    ids=range(9),
)
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UserError, match=told):
        list(read_records(path))


def test_a_line_without_end_is_not_held(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"prompt": "' + b"x" * records.LONGEST_LINE)
    with pytest.raises(UserError, match="more than 4,000,000 bytes"):
        list(read_records(path))


def test_more_items_than_fit_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "MOST_ITEMS", 2)
    path = tmp_path / "a.jsonl"
    path.write_text('{"prompt": "a"}\n' * 3)
    with pytest.raises(UserError, match="more than 2 items"):
        list(read_records(path))


def test_lines_may_be_compressed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b'{"prompt": "a"}\n' * 1000
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(content))
    assert len(list(read_records(path))) == len(list(read_records(tmp_path))) == 1000
    path.write_bytes(gzip.compress(content)[:-20])
    with pytest.raises(UserError, match="cannot be read whole"):
        list(read_records(path))
    monkeypatch.setattr(records, "LARGEST_FILE", 1000)
    path.write_bytes(gzip.compress(content))  # a small file that is large inside
    with pytest.raises(UserError, match="when it is unpacked"):
        list(read_records(path))

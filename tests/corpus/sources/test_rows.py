"""Rows as published corpora write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from aurora.corpus.document import Document, Quarantined
from aurora.corpus.sources import read_source
from aurora.corpus.sources.rows import facts_of, names_of, value_at
from aurora.errors import UserError
from aurora.recipe.sources import JsonlSource, ParquetSource

ADDRESS = "https://a.example/page"


def read(source: Any, base: Path) -> tuple[list[Document], list[Quarantined]]:
    found = list(read_source("web", source, base, base / "cache"))
    return [item for item in found if isinstance(item, Document)], [i for i in found if isinstance(i, Quarantined)]


FINEWEB = {"text": "t", "id": "<urn:uuid:1>", "url": ADDRESS, "language": "fin", "language_score": 0.93}
HPLT = {"text": "t", "u": ADDRESS, "id": "a1", "lang": ["fin_Latn", "ekk_Latn"], "prob": [0.93, 0.01]}
DOLMA = {"text": "t", "id": "d-1", "source": "s", "metadata": {"url": ADDRESS, "license": "CC-BY-4.0"}}
OSCAR = {
    "content": "t",
    "warc_headers": {"warc-record-id": "<urn:uuid:2>", "warc-target-uri": ADDRESS},
    "metadata": {"identification": {"label": "fi", "prob": 0.93}, "tlsh": None},
}
MC4 = {"text": "t", "timestamp": "2020-01-01T00:00:00Z", "url": ADDRESS}


@pytest.mark.parametrize(
    ("row", "keys", "lang", "license", "facts"),
    [
        (FINEWEB, {"language_key": "language"}, "fin", "unknown", {"id": "<urn:uuid:1>", "language_score": 0.93}),
        (HPLT, {"language_key": "lang.0"}, "fin_Latn", "unknown", {"id": "a1", "language_score": 0.93}),
        (DOLMA, {}, "und", "CC-BY-4.0", {"id": "d-1", "license": "CC-BY-4.0"}),
        (
            OSCAR,
            {"text_key": "content", "language_key": "metadata.identification.label"},
            "fi",
            "unknown",
            {"id": "<urn:uuid:2>", "language_score": 0.93},
        ),
        (MC4, {}, "und", "unknown", {}),
    ],
    ids=["FineWeb", "HPLT", "Dolma", "OSCAR", "mC4"],
)
def test_what_a_row_says_survives(
    tmp_path: Path, row: dict[str, Any], keys: dict[str, str], lang: str, license: str, facts: dict[str, Any]
) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps(row))
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "a.parquet")
    for source in (
        JsonlSource(kind="jsonl", paths=["a.jsonl"], **keys),
        ParquetSource(kind="parquet", paths=["a.parquet"], **keys),
    ):
        (document,), broken = read(source, tmp_path)
        assert not broken
        assert document.text == "t"
        assert document.license == license
        assert document.lang in (lang, "fi")
        assert json.loads(document.meta) == {"url": ADDRESS, **facts}


def test_what_is_no_fact_is_left_out() -> None:
    row = {"url": "no address", "id": True, "license": ["MIT"], "language_score": float("nan"), "u": "x" * 3000 + "://"}
    assert facts_of(row) == {}
    assert facts_of({"id": 0, "prob": [], "url": None, "metadata": {"url": 3}, "meta": "text"}) == {"id": 0}
    assert facts_of({"id": "x" * 2001, "prob": [1]}) == {"language_score": 1}


def test_paths() -> None:
    row = {"a.b": 1, "a": {"b": 2, "c": [{"d": 3}]}, "e": {}}
    assert (value_at(row, "a.b"), value_at(row, "a.c.0.d")) == (1, 3)
    for key in ("a.c.1.d", "a.x", "e.f", "a.b.c", "a.c.d"):
        with pytest.raises(KeyError, match=r"is missing; there are a\.b, a\.b, a\.c, e"):
            value_at(row, key)
    assert names_of({str(number): 1 for number in range(30)}).endswith("18, 19, more")
    assert names_of({}) == "none"


def test_a_wrong_key_names_those_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"content": "x", "meta": {"url": "y"}}')
    _, broken = read(JsonlSource(kind="jsonl", paths=["a.jsonl"]), tmp_path)
    assert [item.error for item in broken] == ["the key text is missing; there are content, meta.url"]
    pq.write_table(pa.table({"content": [{"body": "x", "n": 1}]}), tmp_path / "a.parquet")
    with pytest.raises(UserError, match=r"has no column text; choose from content\.body, content\.n\."):
        read(ParquetSource(kind="parquet", paths=["a.parquet"]), tmp_path)


TEXTS = ["yksi", "kaksi", None]


@pytest.mark.parametrize(
    ("column", "key"),
    [
        (pa.array([b"yksi", b"kaksi", None], pa.binary()), "text"),
        (pa.array([b"yksi", b"kaksi", None], pa.large_binary()), "text"),
        (pa.array(TEXTS, pa.large_string()), "text"),
        (pa.array(TEXTS, pa.string_view()), "text"),
        (pa.array(TEXTS).dictionary_encode(), "text"),
        (pa.array([{"text": text} for text in TEXTS]), "text.text"),
        (pa.array([{"a": {"b": text and text.encode()}} for text in TEXTS]), "text.a.b"),
        (pa.array([["yksi"], ["kaksi"], None]), "text"),
        (pa.array([[{"b": "yksi"}], [{"b": "kaksi"}], None]), "text.0.b"),
    ],
)
def test_parquet_text_of_every_type(tmp_path: Path, column: pa.Array, key: str) -> None:
    pq.write_table(pa.table({"text": column, "other": [1, 2, 3]}), tmp_path / "a.parquet")
    documents, broken = read(ParquetSource(kind="parquet", paths=["a.parquet"], text_key=key), tmp_path)
    assert [document.text for document in documents] == TEXTS[:2]
    assert [item.where for item in broken] == ["a.parquet:3"]


def test_lists_of_lines_and_bytes_that_are_no_text(tmp_path: Path) -> None:
    columns = {"lines": [["one", "two"], []], "bytes": [b"\xff", b"good"]}
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    documents, _ = read(ParquetSource(kind="parquet", paths=["a.parquet"], text_key="lines"), tmp_path)
    assert [document.text for document in documents] == ["one\ntwo", ""]
    documents, broken = read(ParquetSource(kind="parquet", paths=["a.parquet"], text_key="bytes"), tmp_path)
    assert ([document.text for document in documents], [item.where for item in broken]) == (["good"], ["a.parquet:1"])


def test_a_damaged_row_group_costs_no_other(tmp_path: Path) -> None:
    texts = [f"text {number} " + "x" * 2000 for number in range(30)]
    pq.write_table(pa.table({"text": texts}), tmp_path / "a.parquet", row_group_size=10, compression="zstd",
                   use_dictionary=False)  # fmt: skip
    group = pq.ParquetFile(tmp_path / "a.parquet").metadata.row_group(1).column(0)
    data = bytearray((tmp_path / "a.parquet").read_bytes())
    data[group.data_page_offset : group.data_page_offset + group.total_compressed_size] = bytes(
        group.total_compressed_size
    )
    (tmp_path / "a.parquet").write_bytes(bytes(data))
    documents, broken = read(ParquetSource(kind="parquet", paths=["a.parquet"]), tmp_path)
    assert [document.text for document in documents] == texts[:10] + texts[20:]
    assert [(item.where, item.unread) for item in broken] == [("a.parquet", group.total_compressed_size)]
    assert "rows 11 to 20 cannot be read" in broken[0].error

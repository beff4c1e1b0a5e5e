from __future__ import annotations

import errno
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from aurora.corpus.artifact import parts, read_columns, read_documents, read_texts
from aurora.corpus.document import Document, new_document, table_of
from aurora.corpus.phases import part_files as shards
from aurora.corpus.phases.part_files import ROWS, PartWriter
from aurora.errors import AuroraError


def documents_of(number: int, lang: str = "en", source: str = "web") -> list[Document]:
    return [new_document(f"text {index} ä", lang, source, "MIT", f"page{index}") for index in range(number)]


def write(folder: Path, source: str, documents: list[Document], part: str = "clean") -> None:
    (folder / part).mkdir(parents=True, exist_ok=True)
    with PartWriter(folder, source) as writer:
        for document in documents:
            writer.write(part, document)


def test_what_was_written_is_read_in_order(tmp_path: Path) -> None:
    documents = documents_of(2 * ROWS + 1)
    write(tmp_path, "web", documents)
    assert list(read_documents(tmp_path, "clean")) == documents
    assert list(read_texts(tmp_path, "clean")) == [document.text for document in documents]


def test_sources_are_read_by_name_and_languages_filtered(tmp_path: Path) -> None:
    finnish, english, other = documents_of(2, "fi"), documents_of(3, "en"), documents_of(1, "fi", "a")
    write(tmp_path, "web", [finnish[0], *english, finnish[1]])
    write(tmp_path, "a", other)
    assert list(read_documents(tmp_path, "clean", lang="fi")) == other + finnish
    assert list(read_documents(tmp_path, "clean", source="web", lang="fi")) == finnish
    assert list(read_columns(tmp_path, "clean", ("url", "lang"), source="a")) == [("page0", "fi")]
    assert list(read_texts(tmp_path, "clean", lang="sv")) == []
    assert list(read_texts(tmp_path, "clean", source="nobody")) == []
    size = len("text 0 ä".encode())
    assert parts(tmp_path) == [("a", "fi", 1, size), ("web", "en", 3, 3 * size), ("web", "fi", 2, 2 * size)]


def test_dropped_documents_carry_step_rule_and_value(tmp_path: Path) -> None:
    (tmp_path / "dropped").mkdir()
    documents = documents_of(1)
    table = table_of(documents)
    for name, value in (("step", "quality"), ("rule", "many-digits"), ("value", "0.5")):
        table = table.append_column(name, pa.array([value]))
    with PartWriter(tmp_path, "web") as writer:
        writer.write_table("dropped", table)
    (row,) = pq.read_table(tmp_path / "dropped" / "web.parquet").to_pylist()
    assert (row["step"], row["rule"], row["value"]) == ("quality", "many-digits", "0.5")
    assert list(read_documents(tmp_path, "dropped")) == documents


def test_the_pieces_that_come_do_not_show(tmp_path: Path) -> None:
    documents = documents_of(2 * ROWS + 7)
    write(tmp_path / "rows", "web", documents)
    (tmp_path / "tables" / "clean").mkdir(parents=True)
    with PartWriter(tmp_path / "tables", "web") as writer:
        for start in range(0, len(documents), 1000):
            writer.write_table("clean", table_of(documents[start : start + 1000]))
    rows, tables = (tmp_path / name / "clean" / "web.parquet" for name in ("rows", "tables"))
    assert rows.read_bytes() == tables.read_bytes()
    assert pq.ParquetFile(rows).num_row_groups == 3


def test_long_documents_end_a_row_group_earlier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "LARGEST_GROUP", 1000)
    (tmp_path / "clean").mkdir()
    with PartWriter(tmp_path, "web") as writer:
        for number in range(4):
            writer.write_table("clean", table_of([new_document(f"{number}" * 600, "en", "web")]))
    assert pq.ParquetFile(tmp_path / "clean" / "web.parquet").num_row_groups == 2


def test_an_error_leaves_no_file(tmp_path: Path) -> None:
    (tmp_path / "clean").mkdir()
    with pytest.raises(ZeroDivisionError), PartWriter(tmp_path, "web") as writer:
        writer.write_table("clean", table_of(documents_of(3)))
        raise ZeroDivisionError
    assert list((tmp_path / "clean").iterdir()) == []


def test_shards_are_read_as_one_source_in_order(tmp_path: Path) -> None:
    documents = documents_of(6)
    for name, part in (("web.00001", documents[3:5]), ("web.00000", documents[:3]), ("web.00002", documents[5:])):
        write(tmp_path, name, part)
    write(tmp_path, "web.copy", documents_of(1, "fi", "web.copy"))
    assert list(read_documents(tmp_path, "clean", "web")) == documents
    assert [row[:3] for row in parts(tmp_path)] == [("web", "en", 6), ("web.copy", "fi", 1)]


def test_the_same_documents_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(tmp_path / name, "web", documents_of(ROWS + 7))
    first, second = ((tmp_path / name / "clean" / "web.parquet").read_bytes() for name in ("one", "two"))
    assert first == second


def test_a_part_without_documents_has_no_file(tmp_path: Path) -> None:
    write(tmp_path, "web", [])
    assert list((tmp_path / "clean").iterdir()) == []
    assert parts(tmp_path) == []


def test_a_part_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(AuroraError, match="has no held_out/ and is not a whole corpus: build the corpus first"):
        list(read_texts(tmp_path, "held_out"))


def test_a_full_disk_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pq.ParquetWriter, "write_table", no_space)
    with pytest.raises(AuroraError, match="The disk is full while writing"):
        write(tmp_path, "web", documents_of(1))

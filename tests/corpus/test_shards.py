from __future__ import annotations

import errno
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from aurora.corpus.document import Document, Quarantined, new_document, text_hash
from aurora.corpus.reading import parts, read_columns, read_documents, read_texts
from aurora.corpus.shards import ROWS, PartWriter, QuarantineWriter, move_to_held_out
from aurora.errors import AuroraError


def documents_of(number: int, lang: str = "en", source: str = "web") -> list[Document]:
    return [new_document(f"text {index} ä", lang, source, "MIT", f"page{index}") for index in range(number)]


def write(folder: Path, source: str, documents: list[Document], part: str = "clean") -> None:
    (folder / part).mkdir(parents=True, exist_ok=True)
    with PartWriter(folder, source) as writer:
        for document in documents:
            writer.write(part, document, None)


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
    (document,) = documents_of(1)
    with PartWriter(tmp_path, "web") as writer:
        writer.write("dropped", document, ("quality", "many-digits", 0.5))
    (row,) = pq.read_table(tmp_path / "dropped" / "web.parquet").to_pylist()
    assert (row["step"], row["rule"], row["value"]) == ("quality", "many-digits", "0.5")
    assert list(read_documents(tmp_path, "dropped")) == [document]


def test_the_same_documents_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(tmp_path / name, "web", documents_of(ROWS + 7))
    first, second = ((tmp_path / name / "clean" / "web.parquet").read_bytes() for name in ("one", "two"))
    assert first == second


def test_moved_documents_stand_behind_those_held_out(tmp_path: Path) -> None:
    documents = documents_of(ROWS + 7)
    write(tmp_path / "moved", "web", documents)
    write(tmp_path / "moved", "web", [documents[0]], "held_out")
    marks = {text_hash(documents[5].text), text_hash(documents[2].text), text_hash("nowhere")}
    assert move_to_held_out(tmp_path / "moved", "web", marks) == [documents[2], documents[5]]
    assert list(read_documents(tmp_path / "moved", "held_out")) == [documents[0], documents[2], documents[5]]
    rest = [*documents[:2], *documents[3:5], *documents[6:]]
    write(tmp_path / "written", "web", rest)
    shards = [tmp_path / name / "clean" / "web.parquet" for name in ("moved", "written")]
    assert shards[0].read_bytes() == shards[1].read_bytes()
    assert sorted(path.name for path in (tmp_path / "moved").iterdir()) == ["clean", "held_out"]


def test_nothing_is_rewritten_without_need(tmp_path: Path) -> None:
    write(tmp_path, "web", documents_of(3))
    (tmp_path / "held_out").mkdir()
    before = (tmp_path / "clean" / "web.parquet").stat()
    assert move_to_held_out(tmp_path, "web", {1}) == []
    assert move_to_held_out(tmp_path, "nobody", {1}) == []
    assert (tmp_path / "clean" / "web.parquet").stat() == before


def test_what_is_quarantined_can_be_read_again(tmp_path: Path) -> None:
    (tmp_path / "quarantined").mkdir()
    broken = Quarantined("web", "web.jsonl:7", "broken", "lone \ud800\nsurrogate")
    with QuarantineWriter(tmp_path, "web") as quarantine:
        quarantine.write(broken)
    (row,) = map(json.loads, (tmp_path / "quarantined" / "web.jsonl").read_text().splitlines())
    assert Quarantined(**row) == broken


def test_a_part_without_documents_has_no_file(tmp_path: Path) -> None:
    write(tmp_path, "web", [])
    assert list((tmp_path / "clean").iterdir()) == []
    assert parts(tmp_path) == []


def test_a_part_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(AuroraError, match="is not a corpus with a part held_out: build the corpus first"):
        list(read_texts(tmp_path, "held_out"))


def test_a_full_disk_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pq.ParquetWriter, "write_table", no_space)
    with pytest.raises(AuroraError, match="The disk is full while writing"):
        write(tmp_path, "web", documents_of(1))

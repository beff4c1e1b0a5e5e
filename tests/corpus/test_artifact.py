from __future__ import annotations

from pathlib import Path

import pytest

from aurora.corpus.artifact import parts, read_documents, read_texts
from aurora.corpus.document import new_document
from aurora.corpus.phases.part_files import PartWriter
from aurora.errors import AuroraError


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    (tmp_path / "clean").mkdir()
    with PartWriter(tmp_path, "web") as writer:
        for number in range(50):
            writer.write(
                "clean", new_document(f"Text number {number} of a source. " * 20, "en", "web", url=str(number))
            )
    return tmp_path


def test_what_was_written_is_read(corpus: Path) -> None:
    assert len(list(read_documents(corpus, "clean"))) == 50
    assert list(read_texts(corpus, "clean", lang="fi")) == []
    ((source, language, documents, _),) = parts(corpus)
    assert (source, language, documents) == ("web", "en", 50)


def test_a_damaged_file_is_named_wherever_the_damage_is(corpus: Path) -> None:
    (path,) = (corpus / "clean").glob("*.parquet")
    whole = path.read_bytes()
    said = []
    for place in range(0, len(whole), max(1, len(whole) // 60)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            list(read_documents(corpus, "clean"))
            parts(corpus)
        except AuroraError as error:
            said.append(str(error))
    assert len(said) > 10
    assert all(sentence.startswith(f"{path} is damaged (") for sentence in said)
    for cut in (b"", whole[:10], whole[:-5], b"PAR1"):
        path.write_bytes(cut)
        with pytest.raises(AuroraError, match="is damaged"):
            parts(corpus)

from __future__ import annotations

from pathlib import Path

import pytest

from aurora.api.corpora import Corpus
from aurora.corpus.document import Document
from aurora.corpus.ledger import FILE, Ledger
from aurora.corpus.phases.part_files import PartWriter
from aurora.errors import UserError
from aurora.files import write_json


def test_documents_come_from_the_part_the_source_and_the_language_asked_for(tmp_path: Path) -> None:
    (tmp_path / "clean").mkdir()
    for source in ("books", "web"):
        with PartWriter(tmp_path, source) as writer:
            for language in ("en", "fi"):
                writer.write("clean", Document(f"{source}{language}", f"{source} in {language}", language, source))
    write_json(tmp_path / FILE, Ledger().close({}))
    found = Corpus(tmp_path)
    assert {document.text for document in found.documents(source="web")} == {"web in en", "web in fi"}
    assert [document.text for document in found.documents("clean", "books", "fi")] == ["books in fi"]
    assert found.ledger["documents"]["in"] == 0


def test_a_folder_without_a_corpus_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError):
        Corpus(tmp_path)

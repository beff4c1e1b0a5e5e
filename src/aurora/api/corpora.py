"""The corpus of a run.

One decision: documents are read from the files one by one, so a corpus of any size needs little memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aurora.corpus.artifact import read_documents
from aurora.corpus.describe import describe, find_corpus
from aurora.corpus.document import Document
from aurora.corpus.ledger import FILE
from aurora.files import read_json


class Corpus:
    """The corpus artifact at `path`, which may also be its run; `UserError` where there is none."""

    def __init__(self, path: Path | str) -> None:
        self.path = find_corpus(Path(path))

    @property
    def ledger(self) -> dict[str, Any]:
        """What was kept, dropped and quarantined, by source, language and rule."""
        ledger: dict[str, Any] = read_json(self.path / FILE)
        return ledger

    def documents(
        self, part: str = "clean", source: str | None = None, language: str | None = None
    ) -> Iterator[Document]:
        """The documents of a part (`clean`, `held_out`, `other_domain`, `dropped`), of one source or language."""
        return read_documents(self.path, part, source, language)

    def __str__(self) -> str:
        return describe(self.path)

    def write_page(self, page: Path | str) -> None:
        """Write a page about it, with examples of what each rule dropped."""
        from aurora.reporting.corpus_page import write_corpus_page

        write_corpus_page(self.path, Path(page))

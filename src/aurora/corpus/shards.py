"""Writing what curation made of a source: a Parquet file for each part, JSON lines of what was quarantined, in reading
order.

One decision: fixed compression, row groups and schema, no time stamps, so the same documents give the same bytes.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Container
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from aurora.corpus.document import COLUMNS, Document, Quarantined, schema, text_hash
from aurora.corpus.reading import read_documents
from aurora.files import explained

ROWS = 2048
LOSS_COLUMNS = ("step", "rule", "value")
REWRITTEN = "rewritten"


class PartWriter:
    """Writes one source's documents to the parts they belong to; a file appears with its part's first document."""

    def __init__(self, folder: Path, source: str) -> None:
        self._folder = folder
        self._source = source
        self._rows: dict[str, list[tuple[str, ...]]] = {}
        self._writers: dict[str, pq.ParquetWriter] = {}

    def __enter__(self) -> PartWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with explained(self._folder):
            for part in sorted(self._rows):
                if kind is None:
                    self._flush(part)
                self._writers[part].close()

    def write(self, part: str, document: Document, loss: tuple[str, str, Any] | None) -> None:
        """Append a document to a part; a dropped one with its (step, rule, value)."""
        if part not in self._rows:
            self._rows[part] = []
            path = self._folder / part / f"{self._source}.parquet"
            self._writers[part] = pq.ParquetWriter(path, _schema(part), compression="zstd")
        row = tuple(getattr(document, column) for column in COLUMNS)
        self._rows[part].append(row + tuple(map(str, loss or ())))
        if len(self._rows[part]) >= ROWS:
            with explained(self._folder):
                self._flush(part)

    def _flush(self, part: str) -> None:
        rows = self._rows[part]
        if rows:
            columns = zip(*rows, strict=True)
            self._writers[part].write_table(pa.table([pa.array(c, pa.string()) for c in columns], schema=_schema(part)))
            rows.clear()


class QuarantineWriter:
    """Writes one source's quarantined inputs; the file is there even where there are none."""

    def __init__(self, folder: Path, source: str) -> None:
        self._path = folder / "quarantined" / f"{source}.jsonl"

    def __enter__(self) -> QuarantineWriter:
        with explained(self._path):
            self._stream = self._path.open("w", encoding="utf-8")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with explained(self._path):
            self._stream.close()

    def write(self, found: Quarantined) -> None:
        """Append one input; lone surrogates are escaped."""
        with explained(self._path):
            self._stream.write(json.dumps(asdict(found), sort_keys=True) + "\n")


def move_to_held_out(folder: Path, source: str, marks: Container[int]) -> list[Document]:
    """Move the documents of a source's clean shard whose text hash is among `marks` behind those held out; returns
    them."""
    moved = [document for document in read_documents(folder, "clean", source) if text_hash(document.text) in marks]
    if not moved:
        return []
    work = folder / REWRITTEN
    for part in ("clean", "held_out"):
        (work / part).mkdir(parents=True)
    with PartWriter(work, source) as writer:
        for document in read_documents(folder, "clean", source):
            if text_hash(document.text) not in marks:
                writer.write("clean", document, None)
        for document in [*read_documents(folder, "held_out", source), *moved]:
            writer.write("held_out", document, None)
    with explained(folder):
        for part in ("clean", "held_out"):
            (folder / part / f"{source}.parquet").unlink(missing_ok=True)
            for path in (work / part).iterdir():
                path.replace(folder / part / path.name)
        shutil.rmtree(work)
    return moved


def _schema(part: str) -> pa.Schema:
    names = LOSS_COLUMNS if part == "dropped" else ()
    return pa.schema([*schema(), *((name, pa.string()) for name in names)])

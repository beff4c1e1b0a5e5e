"""Writing curated documents: one Parquet file for each part and source, in reading order.

One decision: fixed compression, row groups and schema, no time stamps, so the same documents give the same bytes.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from aurora.corpus.document import COLUMNS, Document, schema
from aurora.files import explained

ROWS = 2048
LOSS_COLUMNS = ("step", "rule", "value")


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


def _schema(part: str) -> pa.Schema:
    names = LOSS_COLUMNS if part == "dropped" else ()
    return pa.schema([*schema(), *((name, pa.string()) for name in names)])

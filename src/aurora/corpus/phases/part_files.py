"""Writing the documents of a shard: a Parquet file for each part, in reading order.

One decision: compression, row groups and schema are fixed and there are no time stamps, so the same documents give the
same bytes.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from aurora.corpus.document import Document, schema, table_of
from aurora.files import explained

# Rows of a row group: small enough that readers skip what they do not need by its statistics, large enough to compress.
ROWS = 2048
LARGEST_GROUP = 64_000_000  # bytes of text after which a row group of long documents ends earlier
LOSS_COLUMNS = ("step", "rule", "value")


class PartWriter:
    """Writes one shard's documents to their parts. A part's file is begun with its first document and gets its name
    when the block ends without an error."""

    def __init__(self, folder: Path, shard: str) -> None:
        self._folder = folder
        self._shard = shard
        self._rows: list[Document] = []
        self._rows_part = ""
        self._files: dict[str, _PartFile] = {}

    def __enter__(self) -> PartWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        whole = False
        try:
            if kind is None:
                self._flush()
                whole = True
        finally:
            with ExitStack() as stack:
                for file in self._files.values():
                    stack.callback(file.close, whole)

    def write(self, part: str, document: Document) -> None:
        """Append a document to a part."""
        if part != self._rows_part or len(self._rows) >= ROWS:
            self._flush()
            self._rows_part = part
        self._rows.append(document)

    def write_table(self, part: str, table: pa.Table) -> None:
        """Append the rows of a table that has the part's columns (`part_schema`)."""
        self._flush()
        if part not in self._files:
            self._files[part] = _PartFile(self._folder / part / f"{self._shard}.parquet", part_schema(part))
        self._files[part].append(table)

    def _flush(self) -> None:
        rows, self._rows = self._rows, []
        if rows:
            self.write_table(self._rows_part, table_of(rows))


class _PartFile:
    """A Parquet file being written: rows are buffered until a row group is full."""

    def __init__(self, path: Path, columns: pa.Schema) -> None:
        self._path = path
        # With the process id, as a worker of a killed build may still be writing the same shard.
        self._partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
        self._schema = columns
        self._waiting: list[pa.Table] = []
        with explained(path):
            self._stream: IO[bytes] = self._partial.open("wb")
            self._writer = pq.ParquetWriter(self._stream, columns, compression="zstd")

    def append(self, table: pa.Table) -> None:
        """Add rows; full groups are written."""
        self._waiting.append(table.select(self._schema.names).cast(self._schema))
        while (rows := sum(len(waiting) for waiting in self._waiting)) >= ROWS:
            self._write(ROWS)
        if rows and sum(waiting["text"].nbytes for waiting in self._waiting) >= LARGEST_GROUP:
            self._write(rows)

    def close(self, whole: bool) -> None:
        """Write the buffered rows and give the file its name; delete it if it is not `whole`."""
        try:
            if whole:
                if self._waiting:
                    self._write(sum(len(waiting) for waiting in self._waiting))
                with explained(self._path):
                    self._writer.close()
                    self._stream.close()
                    self._partial.replace(self._path)
        finally:
            with suppress(OSError):
                self._writer.close()
            self._stream.close()
            self._partial.unlink(missing_ok=True)

    def _write(self, rows: int) -> None:
        table = pa.concat_tables(self._waiting)
        with explained(self._path):
            self._writer.write_table(table.slice(0, rows).combine_chunks())
        rest = table.slice(rows)
        self._waiting = [rest] if len(rest) else []


def part_schema(part: str) -> pa.Schema:
    """The columns of a part, all strings; `dropped` also has each document's loss."""
    names = LOSS_COLUMNS if part == "dropped" else ()
    return pa.schema([*schema(), *((name, pa.string()) for name in names)])

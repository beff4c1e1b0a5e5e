"""Reading a corpus artifact: its parts and the documents in them.

One decision: only the requested Arrow columns are read, in batches, so memory stays bounded however large a part is.
The order is that of the files: sources by name, documents as curated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from aurora.corpus.document import COLUMNS, Document
from aurora.errors import AuroraError
from aurora.run.manifest import files_of

BATCH_ROWS = 4096  # rows in memory at a time: about 10 MB of ordinary web pages


def read_columns(
    folder: Path, part: str, columns: Sequence[str], source: str | None = None, lang: str | None = None
) -> Iterator[tuple[str, ...]]:
    """Rows of the chosen columns of a part (`clean`, `held_out`, `other_domain`, `dropped`)."""
    for path in _files(folder, part, source):
        needed = list(dict.fromkeys([*columns, "lang"]))
        for batch in _batches(path, needed, lang):
            chosen = batch if lang is None else batch.filter(pc.equal(batch["lang"], lang))
            yield from zip(*(chosen[column].to_pylist() for column in columns), strict=True)


def read_texts(folder: Path, part: str, source: str | None = None, lang: str | None = None) -> Iterator[str]:
    """Texts of a part, of one source or language."""
    for (text,) in read_columns(folder, part, ("text",), source, lang):
        yield text


def read_documents(folder: Path, part: str, source: str | None = None, lang: str | None = None) -> Iterator[Document]:
    """Documents of a part, of one source or language."""
    for row in read_columns(folder, part, COLUMNS, source, lang):
        yield Document(*row)


def parts(folder: Path, part: str = "clean") -> list[tuple[str, str, int, int]]:
    """(source, language, documents, UTF-8 bytes) of a part, sorted."""
    totals: dict[tuple[str, str], list[int]] = {}
    for path in _files(folder, part, None):
        for batch in _batches(path, ["lang", "text"], None):
            sizes = pc.binary_length(batch["text"]).to_pylist()
            for language, size in zip(batch["lang"].to_pylist(), sizes, strict=True):
                total = totals.setdefault((source_of(path.stem), language), [0, 0])
                total[0] += 1
                total[1] += size
    return [(source, language, *total) for (source, language), total in sorted(totals.items())]  # type: ignore[misc]


def source_of(stem: str) -> str:
    """The source that a shard's name (`web` or `web.00001`) belongs to."""
    return re.sub(r"\.\d{5}$", "", stem)


def _batches(path: Path, columns: Sequence[str], lang: str | None) -> Iterator[pa.RecordBatch]:
    """Batches of a file's row groups that may hold a language; `AuroraError` if the file is damaged."""
    try:
        file = pq.ParquetFile(path)
        for batch in file.iter_batches(BATCH_ROWS, row_groups=_groups_with(file, lang), columns=columns):
            batch.validate(full=True)  # a flipped byte may decompress without an error, but not to UTF-8
            yield batch
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())[:200]
        raise AuroraError(f"{path} is damaged ({reason}): restore it, or build the corpus again.") from error


def _groups_with(file: pq.ParquetFile, lang: str | None) -> list[int]:
    """Row groups that may hold a language by the file's own statistics; the others are never read."""
    column = file.schema_arrow.get_field_index("lang")
    chosen = []
    for group in range(file.num_row_groups):
        bounds = file.metadata.row_group(group).column(column).statistics
        if lang is None or bounds is None or not bounds.has_min_max or bounds.min <= lang <= bounds.max:
            chosen.append(group)
    return chosen


def _files(folder: Path, part: str, source: str | None) -> list[Path]:
    if not (folder / part).is_dir():
        raise AuroraError(f"{folder} has no {part}/ and is not a whole corpus: build the corpus first.")
    by_source = ((source_of(path.stem), path.stem, path) for path in files_of(folder, f"{part}/*.parquet"))
    return [path for name, _, path in sorted(by_source) if source in (None, name)]

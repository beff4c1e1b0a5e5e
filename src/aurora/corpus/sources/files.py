"""Local files: JSON lines, Parquet and plain text, compressed or not.

One decision: a line or row that cannot become a document is quarantined with its place; a file that cannot be read at
all is the user's mistake and stops the run before anything is written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from aurora.corpus.document import UNDETERMINED, Document, Quarantined, new_document
from aurora.errors import UserError
from aurora.files import sha256
from aurora.recipe.corpus import JsonlSource, ParquetSource, TextSource

EXCERPT = 160
# Hashing more than this would take longer than reading; size and time of change stand for larger files.
LARGEST_HASHED = 1_000_000_000
LONGEST_LINE = 50_000_000
BATCH_ROWS = 1024
_ENDS = {"line": re.compile(r"\r?\n"), "paragraph": re.compile(r"\r?\n(?:[ \t]*\r?\n)+")}
_COMPRESSIONS = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}


def find_files(name: str, patterns: list[str], base: Path) -> list[Path]:
    """The files that the patterns of source `name` match, sorted; `UserError` for a pattern that matches none."""
    found: list[Path] = []
    for pattern in patterns:
        path = Path(pattern)
        root, relative = (
            (Path(path.anchor), str(path.relative_to(path.anchor))) if path.is_absolute() else (base, pattern)
        )
        try:
            matches = sorted(match for match in root.glob(relative) if match.is_file())
        except ValueError as error:
            raise UserError(f"corpus.sources.{name}.paths: {pattern!r} is not a pattern of files ({error}).") from error
        if not matches and (root / relative).is_file():
            matches = [root / relative]  # a name with brackets in it
        if not matches:
            raise UserError(f"corpus.sources.{name}.paths: no file matches {root / relative}; check the path.")
        found += matches
    return list(dict.fromkeys(found))


def identities(name: str, patterns: list[str], base: Path) -> dict[str, str]:
    """What identifies each file: its SHA-256, or size and time of change where it is very large."""
    return {_place(path, base): _identity(path) for path in find_files(name, patterns, base)}


def read_jsonl(name: str, source: JsonlSource, base: Path) -> Iterator[Document | Quarantined]:
    """One document a line."""
    for path in find_files(name, source.paths, base):
        with _opened(path) as stream:
            for number, line in _lines(stream, path):
                where = f"{_place(path, base)}:{number}"
                if line is None:
                    yield Quarantined(name, where, f"the line is longer than {LONGEST_LINE} bytes")
                    continue
                if not line.strip():
                    continue
                try:
                    row = json.loads(line)
                    yield _document(row, name, source, where)
                except (ValueError, TypeError, KeyError, RecursionError) as error:
                    yield Quarantined(name, where, _reason(error), line[:EXCERPT].decode("utf-8", "replace"))


def read_parquet(name: str, source: ParquetSource, base: Path) -> Iterator[Document | Quarantined]:
    """One document a row."""
    for path in find_files(name, source.paths, base):
        try:
            table = pq.ParquetFile(path)
        except (pa.ArrowInvalid, OSError) as error:
            raise UserError(f"corpus.sources.{name}.paths: {path} is not a Parquet file ({error}).") from error
        columns = list(dict.fromkeys(key for key in (source.text_key, source.language_key) if key))
        missing = set(columns) - set(table.schema_arrow.names)
        if missing:
            have = ", ".join(table.schema_arrow.names)
            raise UserError(f"corpus.sources.{name}: {path} has no column {', '.join(sorted(missing))}; it has {have}.")
        if "license" in set(table.schema_arrow.names) - set(columns):
            columns.append("license")
        for number, row in enumerate(_rows(table, path, columns), 1):
            where = f"{_place(path, base)}:{number}"
            try:
                yield _document(row.to_pylist()[0], name, source, where)
            except (ValueError, TypeError, KeyError) as error:
                yield Quarantined(name, where, _reason(error))


def read_text(name: str, source: TextSource, base: Path) -> Iterator[Document | Quarantined]:
    """One document a file, paragraph (separated by blank lines) or line."""
    language = source.language or UNDETERMINED
    for path in find_files(name, source.paths, base):
        try:
            with _opened(path) as stream:
                text = stream.read().decode("utf-8")
        except (UnicodeDecodeError, OSError) as error:
            yield Quarantined(name, _place(path, base), _reason(error), lang=language)
            continue
        place = _place(path, base)
        pieces = [text] if source.document == "file" else _ENDS[source.document].split(text)
        for number, piece in enumerate(pieces, 1):
            if piece.strip():
                where = place if source.document == "file" else f"{place}#{number}"
                yield new_document(piece, language, name, source.license, where)


def _rows(table: pq.ParquetFile, path: Path, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """Batches of one row each, so that a row whose text is not UTF-8 fails alone."""
    try:
        for batch in table.iter_batches(BATCH_ROWS, columns=columns):
            for row in range(batch.num_rows):
                yield batch.slice(row, 1)
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{path} cannot be read to its end ({error}): it is cut or damaged.") from error


def _document(row: Any, name: str, source: JsonlSource | ParquetSource, where: str) -> Document:
    """A row as a document; raises ValueError, TypeError or KeyError where it is none."""
    if not isinstance(row, dict):
        raise TypeError("the line is not a JSON object")
    text = row[source.text_key]
    if not isinstance(text, str):
        raise TypeError(f"{source.text_key} is not text")
    language = source.language
    if language is None and source.language_key:
        language = row.get(source.language_key)
    if language is not None and not isinstance(language, str):
        raise TypeError(f"{source.language_key} is not text")
    license = row.get("license") if isinstance(row.get("license"), str) else None
    return new_document(text, language or UNDETERMINED, name, license or source.license, where)


def _lines(stream: IO[bytes], path: Path) -> Iterator[tuple[int, bytes | None]]:
    """Numbered lines; None stands for one that is too long to be kept in memory."""
    number = 0
    while True:
        try:
            line = stream.readline(LONGEST_LINE)
        except (OSError, EOFError) as error:
            raise UserError(f"{path} cannot be read to its end ({error}): it is cut or damaged.") from error
        if not line:
            return
        number += 1
        if len(line) < LONGEST_LINE or line.endswith(b"\n"):
            yield number, line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(LONGEST_LINE)
        yield number, None


def _opened(path: Path) -> Any:
    """The file as a buffered stream of bytes, decompressed by its ending."""
    compression = _COMPRESSIONS.get(path.suffix)
    try:
        if compression is None:
            return open(path, "rb")
        return _Buffered(pa.input_stream(str(path), compression=compression))
    except PermissionError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): fix its permissions.") from error


class _Buffered:
    """An Arrow stream with `readline`, which Arrow itself lacks."""

    def __init__(self, stream: pa.NativeFile) -> None:
        import io

        self._stream = stream
        self._reader = io.BufferedReader(stream, 1 << 20)

    def __enter__(self) -> IO[bytes]:
        return self._reader

    def __exit__(self, *_: object) -> None:
        self._stream.close()


def _place(path: Path, base: Path) -> str:
    """A file's path from `base`, where it lies below: documents keep their ids when the recipe's folder is moved."""
    return (path.relative_to(base) if path.is_relative_to(base) else path).as_posix()


def _identity(path: Path) -> str:
    stat = path.stat()
    if stat.st_size <= LARGEST_HASHED:
        return f"sha256:{sha256(path)}"
    return f"size:{stat.st_size} changed:{stat.st_mtime_ns}"


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"the key {error.args[0]} is missing"
    return f"{type(error).__name__}: {error}"

"""Local files: JSON lines, Parquet and plain text, compressed or not.

One decision: the content of a file never stops the build. A line or row that cannot become a document is quarantined
with its place, and so is the end of a truncated file; what was read before stays. Only what the user must fix (a
missing file, permissions, a column's name) is an error. Places are relative to the recipe, so that the same files give
the same documents wherever they are.
"""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from aurora.corpus.document import Document, Quarantined, new_document
from aurora.corpus.sources.formats.compression import Damage, broken_off, first_line, is_compressed
from aurora.corpus.sources.rows import Row, document_of, fact_keys
from aurora.corpus.sources.streams import LARGEST_FILE, LONGEST_LINE, numbered_lines, opened_text, pieces
from aurora.errors import UserError
from aurora.hashes import digest_of
from aurora.languages.labels import UNDETERMINED
from aurora.recipe.sources import JsonlSource, ParquetSource, SourceBase, TextSource

EXCERPT = 160  # characters
COMPRESSION = 4  # compressed files and Parquet hold about so many times their size in text
BATCH_ROWS = 1024  # rows of a Parquet file in memory at a time
_HEAD = 1 << 16  # bytes read to see whether a file is an array
_PARQUET = b"PAR1"  # what such a file begins with
_Item = TypeVar("_Item")
# How Parquet writers name the path of a column below a list.
_LIST = re.compile(r"[.](?:list|bag)[.](?:element|item|array|array_element)\b|[.]array\b")


def find_files(name: str, patterns: list[str], base: Path) -> dict[str, Path]:
    """By place (relative to `base` if below it), the files that the patterns of source `name` match, sorted.

    Raises `UserError` for a pattern that matches no file. Hidden files are skipped.
    """
    files: dict[str, Path] = {}
    for pattern in patterns:
        path = Path(pattern).expanduser()
        root, relative = (Path(path.anchor), path.relative_to(path.anchor)) if path.is_absolute() else (base, path)
        named = root / relative  # a file's name may look like a pattern: "data[1].jsonl"
        try:
            if named.is_dir():
                what = f"{named} is a folder; name its files, as {pattern}/**/*.jsonl"
                raise UserError(f"corpus.sources.{name}.paths: {what}.")
            matches = [named] if named.is_file() else sorted(root.glob(str(relative)))
        except (ValueError, NotImplementedError, IndexError) as error:
            raise UserError(
                f"corpus.sources.{name}.paths: {pattern!r} is not a valid pattern of files ({error}); correct it."
            ) from error
        kept = [match for match in matches if match.is_file() and not is_hidden(match.relative_to(root), relative)]
        if not kept:
            raise UserError(f"corpus.sources.{name}.paths: no file matches {named}; check the path.")
        for match in kept:
            place = match.relative_to(base) if match.is_relative_to(base) else match
            files.setdefault(place.as_posix(), match)
    return files


def identities(name: str, patterns: list[str], base: Path) -> dict[str, str]:
    """By place, the SHA-256 that identifies each file."""
    return {place: f"sha256:{digest_of(path)}" for place, path in find_files(name, patterns, base).items()}


def read_jsonl(name: str, source: JsonlSource, base: Path) -> Iterator[Document | Quarantined]:
    """One document for each line, or for each entry of a file that is a JSON array."""
    for place, path in find_files(name, source.paths, base).items():
        rows = json_rows(name, source, place, path)
        yield from until_broken(name, place, path, source, _documents(rows, name, source))


def json_rows(name: str, source: SourceBase, place: str, path: Path) -> Iterator[Row | Quarantined]:
    """The lines of a file as values, or the entries of the array that it is."""
    if (values := _array(path)) is not None:
        for number, value in enumerate(values, 1):
            yield Row(f"{place}:{number}", value)
        return
    with opened_text(path) as stream:
        yield from _parsed(numbered_lines(stream), name, source, place)


def read_lines(
    name: str, source: JsonlSource, base: Path, place: str, start: int, end: int, first_line: int
) -> Iterator[Document | Quarantined]:
    """One document for each line of a plain file that begins in bytes [start, end); the first has number
    `first_line`."""
    yield from _documents(rows_of_stretch(name, source, base, place, start, end, first_line), name, source)


def rows_of_stretch(
    name: str, source: SourceBase, base: Path, place: str, start: int, end: int, first_line: int
) -> Iterator[Row | Quarantined]:
    """As `read_lines`, the lines as values."""
    path = find_files(name, [place], base)[place]
    with opened_text(path) as stream:
        stream.seek(start)
        yield from _parsed(numbered_lines(stream, first_line, end), name, source, place)


def _array(path: Path) -> list[Any] | None:
    """The entries of a file that is one JSON array of objects; None for JSON lines, or over LARGEST_FILE bytes."""
    with opened_text(path) as stream:
        try:
            head = stream.read(_HEAD).removeprefix(BOM_UTF8).lstrip()
            if not head.startswith(b"["):
                return None
            content = head + stream.read(LARGEST_FILE)
            value = json.loads(content) if len(content) <= LARGEST_FILE else None
        except (ValueError, RecursionError, EOFError):
            return None  # reading it line by line will say what is wrong
    return value if isinstance(value, list) and value and isinstance(value[0], dict) else None


def read_parquet(name: str, source: ParquetSource, base: Path) -> Iterator[Document | Quarantined]:
    """One document for each row."""
    for place, path in find_files(name, source.paths, base).items():
        keys = [key for key in (source.text_key, source.language_key) if key]
        rows = parquet_rows(name, source, place, path, keys)
        yield from until_broken(name, place, path, source, _documents(rows, name, source))


def is_parquet(path: Path) -> bool:
    """Whether a file is Parquet by its content."""
    with path.open("rb") as stream:
        return stream.read(len(_PARQUET)) == _PARQUET


def size_of_text(path: Path) -> int:
    """About how many bytes of text a file holds, by its size alone."""
    return path.stat().st_size * (COMPRESSION if is_parquet(path) or is_compressed(path) else 1)


def parquet_rows(
    name: str, source: SourceBase, place: str, path: Path, keys: Sequence[str] | None = None
) -> Iterator[Row | Quarantined]:
    """The rows of a file: the columns at `keys` and those that say something of the row, or all."""
    with pq.ParquetFile(path) as table:
        columns = None if keys is None else _columns(table, name, keys, path)
        number = 0
        for group in range(table.num_row_groups):
            metadata = table.metadata.row_group(group)
            first = number
            try:
                for batch in table.iter_batches(BATCH_ROWS, row_groups=[group], columns=columns):
                    for row in range(batch.num_rows):
                        number += 1
                        yield _parquet_row(batch, row, name, source, f"{place}:{number}")
            except (OSError, pa.ArrowException) as error:
                if isinstance(error, OSError) and error.errno is not None:
                    raise
                reason = f"rows {number + 1:,} to {first + metadata.num_rows:,} cannot be read ({first_line(error)})"
                number = first + metadata.num_rows
                lost = sum(metadata.column(column).total_compressed_size for column in range(metadata.num_columns))
                yield Quarantined(name, place, reason, "", source.language or UNDETERMINED, lost)


def _columns(table: pq.ParquetFile, name: str, needed: Sequence[str], path: Path) -> list[str]:
    """The columns to read, nested ones by their paths; `UserError` if one that the recipe names does not exist."""
    leaves = [table.schema.column(number).path for number in range(len(table.schema))]
    chosen = {key: [leaf for leaf in leaves if _is_below(leaf, key)] for key in [*needed, *fact_keys()]}
    if missing := [key for key in needed if not chosen[key]]:
        columns = ", ".join(column_names(table.schema_arrow))
        raise UserError(f"corpus.sources.{name}: {path} has no column {', '.join(missing)}; choose from {columns}.")
    return list(dict.fromkeys(leaf for of_key in chosen.values() for leaf in of_key))


def _is_below(leaf: str, key: str) -> bool:
    """Whether a column's path is, or is below, what a key names; `lang.0` is the first entry of the list `lang`."""
    named = re.sub(r"[.][0-9]+(?=[.]|$)", "", key)
    return leaf == key or f"{_LIST.sub('', leaf)}.".startswith(f"{named}.")


def column_names(fields: Any, before: str = "") -> list[str]:
    """The columns of a schema, nested ones by their paths."""
    names = []
    for field in fields:
        inner = pa.types.is_struct(field.type)
        names += column_names(field.type, f"{before}{field.name}.") if inner else [f"{before}{field.name}"]
    return names


def _parquet_row(batch: pa.RecordBatch, row: int, name: str, source: SourceBase, where: str) -> Row | Quarantined:
    try:
        return Row(where, {key: batch[key][row].as_py() for key in batch.schema.names})
    except ValueError as error:  # a text that is not UTF-8
        return broken(name, where, error, b"", source.language)


def read_text(name: str, source: TextSource, base: Path) -> Iterator[Document | Quarantined]:
    """One document for each file, paragraph (separated by blank lines) or line."""
    for place, path in find_files(name, source.paths, base).items():
        yield from until_broken(name, place, path, source, _read_text(name, source, place, path))


def _read_text(name: str, source: TextSource, place: str, path: Path) -> Iterator[Document | Quarantined]:
    with opened_text(path) as stream:
        for number, piece in pieces(stream, source.document):
            where = place if source.document == "file" else f"{place}:{number}"
            if isinstance(piece, Damage):
                yield damaged(name, place, piece, source)
                continue
            if piece is None:
                most = LARGEST_FILE if source.document == "file" else LONGEST_LINE
                reason = f"the {source.document} is longer than {most} bytes"
                yield Quarantined(name, where, reason, "", source.language or UNDETERMINED, most)
                continue
            try:
                text = piece.decode("utf-8")
            except UnicodeDecodeError as error:
                yield broken(name, where, error, piece, source.language)
                continue
            if text.strip():
                yield new_document(text, source.language or UNDETERMINED, name, source.license, where)


def _parsed(
    lines: Iterator[tuple[int, bytes | Damage | None]], name: str, source: SourceBase, place: str
) -> Iterator[Row | Quarantined]:
    for number, line in lines:
        where = f"{place}:{number}"
        if isinstance(line, Damage):
            yield damaged(name, place, line, source)
        elif line is None:
            reason = f"the line is longer than {LONGEST_LINE} bytes"
            yield Quarantined(name, where, reason, "", source.language or UNDETERMINED, LONGEST_LINE)
        elif line.strip():
            try:
                value = json.loads(line.decode("utf-8-sig"))
            except (ValueError, RecursionError) as error:
                yield broken(name, where, error, line, source.language)
                continue
            yield Row(where, value, line)


def _documents(
    rows: Iterator[Row | Quarantined], name: str, source: JsonlSource | ParquetSource
) -> Iterator[Document | Quarantined]:
    for row in rows:
        if isinstance(row, Quarantined):
            yield row
            continue
        try:
            yield document_of(row.value, name, source, row.where)
        except (ValueError, TypeError, KeyError) as error:
            yield broken(name, row.where, error, row.line, source.language)


def until_broken(
    name: str, place: str, path: Path, source: SourceBase, inputs: Iterator[_Item]
) -> Iterator[_Item | Quarantined]:
    """The inputs of a file, and a quarantined one if its content breaks off; `UserError` if it cannot be opened."""
    try:
        yield from inputs
    except Damage as error:
        yield damaged(name, place, error, source)
    except (OSError, EOFError, pa.ArrowException) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise UserError(
                f"corpus.sources.{name}: {path} cannot be read ({error.strerror}): check the file and its permissions."
            ) from error
        yield damaged(name, place, Damage(broken_off(first_line(error)), path.stat().st_size), source)


def damaged(name: str, place: str, damage: Damage, source: SourceBase) -> Quarantined:
    """A part of a file that cannot be read, as a quarantined input."""
    return Quarantined(name, place, str(damage), "", source.language or UNDETERMINED, damage.unread)


def is_hidden(match: Path, pattern: Path) -> bool:
    """Whether a match is hidden, or in a hidden folder, that its pattern does not name."""
    return any(part.startswith(".") and part not in pattern.parts for part in match.parts)


def broken(name: str, where: str, error: Exception, line: bytes, language: str | None) -> Quarantined:
    """An input that cannot become a document, with the reason and its beginning."""
    reason = str(error.args[0]) if isinstance(error, KeyError) else f"{type(error).__name__}: {error}"
    excerpt = line[: 4 * EXCERPT].decode("utf-8", "replace")[:EXCERPT]
    return Quarantined(name, where, reason, excerpt, language or UNDETERMINED)

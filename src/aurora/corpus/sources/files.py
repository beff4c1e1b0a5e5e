"""Local files: JSON lines, Parquet and plain text, compressed or not.

One decision: nothing in a file stops the run. A line or row that cannot become a document is quarantined with its
place, and so is where a file breaks off, with all that was read before standing. Only what the user must mend (a
missing file, permissions, a column's name) is an error. Places are relative to the recipe, so that the same files give
the same documents wherever they lie.
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
from aurora.corpus.sources.formats.compression import Damage, broken_off, first_line
from aurora.corpus.sources.rows import Row, document_of, fact_keys
from aurora.corpus.sources.streams import LARGEST_FILE, LONGEST_LINE, numbered_lines, opened_text, pieces
from aurora.errors import UserError
from aurora.hashes import digest_of
from aurora.languages.labels import UNDETERMINED
from aurora.recipe.sources import JsonlSource, ParquetSource, SourceBase, TextSource

EXCERPT = 160  # characters
BATCH_ROWS = 1024
_HEAD = 1 << 16
_PARQUET = b"PAR1"  # what such a file begins with
_Found = TypeVar("_Found")
# How the paths of Parquet's columns go on below a list.
_LIST = re.compile(r"[.](?:list|bag)[.](?:element|item|array|array_element)\b|[.]array\b")


def find_files(name: str, patterns: list[str], base: Path) -> dict[str, Path]:
    """The files that the patterns of source `name` match by their place: relative to `base` where below it, sorted.

    Raises UserError for a pattern that matches none. Hidden files are passed over.
    """
    found: dict[str, Path] = {}
    for pattern in patterns:
        path = Path(pattern)
        root, relative = (Path(path.anchor), path.relative_to(path.anchor)) if path.is_absolute() else (base, path)
        # A file may be named like a pattern: "data[1].jsonl".
        named = root / relative
        try:
            matches = [named] if named.is_file() else sorted(root.glob(str(relative)))
        except (ValueError, NotImplementedError, IndexError) as error:
            raise UserError(f"corpus.sources.{name}.paths: {pattern!r} is not a pattern of files ({error}).") from error
        kept = [match for match in matches if match.is_file() and not _is_hidden(match.relative_to(root), relative)]
        if not kept:
            raise UserError(f"corpus.sources.{name}.paths: no file matches {named}; check the path.")
        for match in kept:
            place = match.relative_to(base) if match.is_relative_to(base) else match
            found.setdefault(place.as_posix(), match)
    return found


def identities(name: str, patterns: list[str], base: Path) -> dict[str, str]:
    """What identifies each file: its SHA-256."""
    return {place: f"sha256:{digest_of(path)}" for place, path in find_files(name, patterns, base).items()}


def read_jsonl(name: str, source: JsonlSource, base: Path) -> Iterator[Document | Quarantined]:
    """One document a line, or an entry of the array that a file is."""
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
    """One document a line, of the lines of a plain file that begin in bytes [start, end); the first has a number."""
    path = find_files(name, [place], base)[place]
    with opened_text(path) as stream:
        stream.seek(start)
        yield from _documents(_parsed(numbered_lines(stream, first_line, end), name, source, place), name, source)


def _array(path: Path) -> list[Any] | None:
    """The entries of a file that is one JSON array of objects; None where it is lines, or larger than a document."""
    with opened_text(path) as stream:
        try:
            head = stream.read(_HEAD).removeprefix(BOM_UTF8).lstrip()
            if not head.startswith(b"["):
                return None
            content = head + stream.read(LARGEST_FILE)
            found = json.loads(content) if len(content) <= LARGEST_FILE else None
        except (ValueError, RecursionError, EOFError):
            return None  # its lines say what is wrong
    return found if isinstance(found, list) and found and isinstance(found[0], dict) else None


def read_parquet(name: str, source: ParquetSource, base: Path) -> Iterator[Document | Quarantined]:
    """One document a row."""
    for place, path in find_files(name, source.paths, base).items():
        keys = [key for key in (source.text_key, source.language_key) if key]
        rows = parquet_rows(name, source, place, path, keys)
        yield from until_broken(name, place, path, source, _documents(rows, name, source))


def is_parquet(path: Path) -> bool:
    """Whether a file is Parquet by its content."""
    with path.open("rb") as stream:
        return stream.read(len(_PARQUET)) == _PARQUET


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
                said = f"rows {number + 1:,} to {first + metadata.num_rows:,} cannot be read ({first_line(error)})"
                number = first + metadata.num_rows
                lost = sum(metadata.column(place).total_compressed_size for place in range(metadata.num_columns))
                yield Quarantined(name, place, said, "", source.language or UNDETERMINED, lost)


def _columns(table: pq.ParquetFile, name: str, needed: Sequence[str], path: Path) -> list[str]:
    """The columns to read, nested ones by their paths; UserError where one that the recipe names is not there."""
    leaves = [table.schema.column(number).path for number in range(len(table.schema))]
    chosen = {key: [leaf for leaf in leaves if _is_below(leaf, key)] for key in [*needed, *fact_keys()]}
    if missing := [key for key in needed if not chosen[key]]:
        there = ", ".join(_names(table.schema_arrow))
        raise UserError(f"corpus.sources.{name}: {path} has no column {', '.join(missing)}; it has {there}.")
    return list(dict.fromkeys(leaf for found in chosen.values() for leaf in found))


def _is_below(leaf: str, key: str) -> bool:
    """Whether the path of a column leads to what a key names; `lang.0` is the first of the list `lang`."""
    named = re.sub(r"[.][0-9]+(?=[.]|$)", "", key)
    return leaf == key or f"{_LIST.sub('', leaf)}.".startswith(f"{named}.")


def _names(fields: Any, before: str = "") -> list[str]:
    """The columns of a schema, nested ones by their paths."""
    found = []
    for field in fields:
        inner = pa.types.is_struct(field.type)
        found += _names(field.type, f"{before}{field.name}.") if inner else [f"{before}{field.name}"]
    return found


def _parquet_row(batch: pa.RecordBatch, row: int, name: str, source: SourceBase, where: str) -> Row | Quarantined:
    try:
        return Row(where, {key: batch[key][row].as_py() for key in batch.schema.names})
    except ValueError as error:  # a text that is not UTF-8
        return broken(name, where, error, b"", source.language)


def read_text(name: str, source: TextSource, base: Path) -> Iterator[Document | Quarantined]:
    """One document a file, paragraph (separated by blank lines) or line."""
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
                said = f"the {source.document} is longer than {most} bytes"
                yield Quarantined(name, where, said, "", source.language or UNDETERMINED, most)
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
            said = f"the line is longer than {LONGEST_LINE} bytes"
            yield Quarantined(name, where, said, "", source.language or UNDETERMINED, LONGEST_LINE)
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
    name: str, place: str, path: Path, source: SourceBase, found: Iterator[_Found]
) -> Iterator[_Found | Quarantined]:
    """The inputs of a file, and one more where its content breaks off; `UserError` for what the user must mend."""
    try:
        yield from found
    except Damage as error:
        yield damaged(name, place, error, source)
    except (OSError, EOFError, pa.ArrowException) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise UserError(
                f"corpus.sources.{name}: {path} cannot be read ({error.strerror}): check the file and its permissions."
            ) from error
        yield damaged(name, place, Damage(broken_off(first_line(error)), path.stat().st_size), source)


def damaged(name: str, place: str, damage: Damage, source: SourceBase) -> Quarantined:
    """A part of a file that cannot be read, as an input."""
    return Quarantined(name, place, str(damage), "", source.language or UNDETERMINED, damage.unread)


def _is_hidden(match: Path, pattern: Path) -> bool:
    """Whether a pattern met a hidden file or folder that it does not name."""
    return any(part.startswith(".") and part not in pattern.parts for part in match.parts)


def broken(name: str, where: str, error: Exception, line: bytes, language: str | None) -> Quarantined:
    """An input that is no document, with the reason and its beginning."""
    reason = str(error.args[0]) if isinstance(error, KeyError) else f"{type(error).__name__}: {error}"
    excerpt = line[: 4 * EXCERPT].decode("utf-8", "replace")[:EXCERPT]
    return Quarantined(name, where, reason, excerpt, language or UNDETERMINED)

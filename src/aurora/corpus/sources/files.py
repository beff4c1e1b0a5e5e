"""Local files: JSON lines, Parquet and plain text, compressed or not.

One decision: nothing in a file stops the run. A line or row that cannot become a document is quarantined with its
place, and so is where a file breaks off, with all that was read before standing. Only what the user must mend (a
missing file, permissions, a column's name) is an error. Places are relative to the recipe, so that the same files give
the same documents wherever they lie.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from aurora.corpus.document import UNDETERMINED, Document, Quarantined, new_document
from aurora.corpus.sources.streams import LARGEST_FILE, LONGEST_LINE, numbered_lines, opened, pieces
from aurora.errors import UserError
from aurora.hashes import digest_of
from aurora.recipe.corpus import JsonlSource, ParquetSource, SourceBase, TextSource

EXCERPT = 160  # characters
BATCH_ROWS = 1024
LICENSE_KEY = "license"
ADDRESS_KEY = "url"


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
    """One document a line."""
    for place, path in find_files(name, source.paths, base).items():
        yield from until_broken(name, place, path, source, _read_jsonl(name, source, place, path))


def _read_jsonl(name: str, source: JsonlSource, place: str, path: Path) -> Iterator[Document | Quarantined]:
    with opened(path) as stream:
        yield from _documents(numbered_lines(stream), name, source, place)


def read_lines(
    name: str, source: JsonlSource, base: Path, place: str, start: int, end: int, first_line: int
) -> Iterator[Document | Quarantined]:
    """One document a line, of the lines of a plain file that begin in bytes [start, end); the first has a number."""
    path = find_files(name, [place], base)[place]
    with opened(path) as stream:
        stream.seek(start)
        yield from _documents(numbered_lines(stream, first_line, end), name, source, place)


def read_parquet(name: str, source: ParquetSource, base: Path) -> Iterator[Document | Quarantined]:
    """One document a row."""
    for place, path in find_files(name, source.paths, base).items():
        yield from until_broken(name, place, path, source, _read_parquet(name, source, place, path))


def _read_parquet(name: str, source: ParquetSource, place: str, path: Path) -> Iterator[Document | Quarantined]:
    with pq.ParquetFile(path) as table:
        names = table.schema_arrow.names
        needed = [key for key in (source.text_key, source.language_key) if key]
        if missing := [key for key in needed if key not in names]:
            raise UserError(
                f"corpus.sources.{name}: {path} has no column {', '.join(missing)}; it has {', '.join(names)}."
            )
        columns = dict.fromkeys([*needed, *sorted({LICENSE_KEY, ADDRESS_KEY} & set(names))])
        number = 0
        for batch in table.iter_batches(BATCH_ROWS, columns=list(columns)):
            for row in range(batch.num_rows):
                number += 1
                where = f"{place}:{number}"
                try:
                    values = {key: batch[key][row].as_py() for key in columns}
                    yield _document(values, name, source, where)
                except (ValueError, TypeError, KeyError) as error:
                    yield _broken(name, where, error, b"", source.language)


def read_text(name: str, source: TextSource, base: Path) -> Iterator[Document | Quarantined]:
    """One document a file, paragraph (separated by blank lines) or line."""
    for place, path in find_files(name, source.paths, base).items():
        yield from until_broken(name, place, path, source, _read_text(name, source, place, path))


def _read_text(name: str, source: TextSource, place: str, path: Path) -> Iterator[Document | Quarantined]:
    with opened(path) as stream:
        for number, piece in pieces(stream, source.document):
            where = place if source.document == "file" else f"{place}:{number}"
            if piece is None:
                most = LARGEST_FILE if source.document == "file" else LONGEST_LINE
                yield Quarantined(name, where, f"the {source.document} is longer than {most} bytes")
                continue
            try:
                text = piece.decode("utf-8")
            except UnicodeDecodeError as error:
                yield _broken(name, where, error, piece, source.language)
                continue
            if text.strip():
                yield new_document(text, source.language or UNDETERMINED, name, source.license, where)


def _documents(
    lines: Iterator[tuple[int, bytes | None]], name: str, source: JsonlSource, place: str
) -> Iterator[Document | Quarantined]:
    for number, line in lines:
        where = f"{place}:{number}"
        if line is None:
            yield Quarantined(name, where, f"the line is longer than {LONGEST_LINE} bytes")
            continue
        if not line.strip():
            continue
        try:
            yield _document(json.loads(line), name, source, where)
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            yield _broken(name, where, error, line, source.language)


def _document(row: Any, name: str, source: JsonlSource | ParquetSource, where: str) -> Document:
    """A row as a document; raises TypeError or KeyError where it is none."""
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
    stated = row.get(LICENSE_KEY)
    license = stated if isinstance(stated, str) and stated else source.license
    return new_document(text, language or UNDETERMINED, name, license, where, meta_of(row))


def meta_of(row: dict[str, Any]) -> dict[str, object]:
    """What a row says of its document beside text, language and licence: its address."""
    address = row.get(ADDRESS_KEY)
    return {ADDRESS_KEY: address} if isinstance(address, str) and "://" in address else {}


def until_broken(
    name: str, place: str, path: Path, source: SourceBase, found: Iterator[Document | Quarantined]
) -> Iterator[Document | Quarantined]:
    """The inputs of a file, and one more where its content breaks off; `UserError` for what the user must mend."""
    try:
        yield from found
    except (OSError, EOFError, pa.ArrowException) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise UserError(
                f"corpus.sources.{name}: {path} cannot be read ({error.strerror}): check the file and its permissions."
            ) from error
        reason = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        said = f"the file cannot be read to its end ({reason}): it may be cut or of another kind"
        yield Quarantined(name, place, said, "", source.language or UNDETERMINED)


def _is_hidden(match: Path, pattern: Path) -> bool:
    """Whether a pattern met a hidden file or folder that it does not name."""
    return any(part.startswith(".") and part not in pattern.parts for part in match.parts)


def _broken(name: str, where: str, error: Exception, line: bytes, language: str | None) -> Quarantined:
    if isinstance(error, KeyError):
        reason = f"the key {error.args[0]} is missing"
    else:
        reason = f"{type(error).__name__}: {error}"
    return Quarantined(name, where, reason, line[: 4 * EXCERPT].decode("utf-8", "replace")[:EXCERPT], language or "und")

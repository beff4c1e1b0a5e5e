"""Local files: JSON lines, Parquet and plain text, compressed or not.

One decision: a line or row that cannot become a document is quarantined with its place; a file that cannot be read at
all is the user's mistake and stops the run before anything is written. Places are relative to the recipe, so that the
same files give the same documents wherever they lie.
"""

from __future__ import annotations

import io
import json
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from aurora.corpus.document import UNDETERMINED, Document, Quarantined, new_document
from aurora.errors import UserError
from aurora.files import sha256
from aurora.recipe.corpus import JsonlSource, ParquetSource, TextSource

EXCERPT = 160  # characters
# Hashing more bytes than this would take longer than reading; size and time of change stand for larger files.
LARGEST_HASHED = 1_000_000_000
LONGEST_LINE = 50_000_000  # bytes
BATCH_ROWS = 1024
LICENSE_KEY = "license"
ADDRESS_KEY = "url"
_COMPRESSIONS = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}


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
    """What identifies each file: its SHA-256, or size and time of change where it is very large."""
    return {place: _identity(path) for place, path in find_files(name, patterns, base).items()}


def read_jsonl(name: str, source: JsonlSource, base: Path) -> Iterator[Document | Quarantined]:
    """One document a line."""
    for place, path in find_files(name, source.paths, base).items():
        with _opened(name, path) as stream:
            yield from _documents(_lines(stream), name, source, place)


def read_lines(
    name: str, source: JsonlSource, base: Path, place: str, start: int, end: int, first_line: int
) -> Iterator[Document | Quarantined]:
    """One document a line, of the lines of a plain file that begin in bytes [start, end); the first has a number."""
    path = find_files(name, [place], base)[place]
    with _opened(name, path) as stream:
        stream.seek(start)
        yield from _documents(_lines(stream, first_line, end), name, source, place)


def read_parquet(name: str, source: ParquetSource, base: Path) -> Iterator[Document | Quarantined]:
    """One document a row."""
    for place, path in find_files(name, source.paths, base).items():
        with _readable(name, path), pq.ParquetFile(path) as table:
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
    language = source.language or UNDETERMINED
    for place, path in find_files(name, source.paths, base).items():
        with _opened(name, path) as stream:
            for number, piece in _pieces(stream, source.document):
                where = place if source.document == "file" else f"{place}:{number}"
                try:
                    text = piece.decode("utf-8")
                except UnicodeDecodeError as error:
                    yield _broken(name, where, error, piece, source.language)
                    continue
                if text.strip():
                    yield new_document(text, language, name, source.license, where)


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


def _pieces(stream: IO[bytes], document: str) -> Iterator[tuple[int, bytes]]:
    """What counts as one document, with the number of its first line."""
    if document == "file":
        yield 1, stream.read().removeprefix(BOM_UTF8)
        return
    first, paragraph = 1, bytearray()
    for number, line in enumerate(stream, 1):
        line = line.removeprefix(BOM_UTF8) if number == 1 else line
        if document == "line":
            yield number, line.rstrip(b"\r\n")
        elif line.strip():
            first = first if paragraph else number
            paragraph += line
        elif paragraph:
            yield first, bytes(paragraph).rstrip(b"\r\n")
            paragraph.clear()
    if paragraph:
        yield first, bytes(paragraph).rstrip(b"\r\n")


def _lines(stream: IO[bytes], first: int = 1, end: int | None = None) -> Iterator[tuple[int, bytes | None]]:
    """Numbered lines, of those that begin before byte `end`; None stands for one too long to be kept in memory."""
    number = first - 1
    while (end is None or stream.tell() < end) and (line := stream.readline(LONGEST_LINE)):
        number += 1
        if len(line) < LONGEST_LINE or line.endswith(b"\n"):
            yield number, line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(LONGEST_LINE)
        yield number, None


@contextmanager
def _opened(name: str, path: Path) -> Iterator[IO[bytes]]:
    """The file as a buffered stream of bytes, decompressed by its ending."""
    compression = _COMPRESSIONS.get(path.suffix)
    with _readable(name, path):
        if compression is None:
            with open(path, "rb", 1 << 20) as stream:
                yield stream
        else:
            with pa.input_stream(str(path), compression=compression) as compressed:
                yield io.BufferedReader(compressed, 1 << 20)


@contextmanager
def _readable(name: str, path: Path) -> Iterator[None]:
    """Turn what reading raises where a file is cut, damaged or forbidden into one sentence (`UserError`)."""
    try:
        yield
    except PermissionError as error:
        raise UserError(
            f"corpus.sources.{name}: {path} cannot be read ({error.strerror}): fix its permissions."
        ) from error
    except (OSError, EOFError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        raise UserError(
            f"corpus.sources.{name}: {path} cannot be read to its end ({reason}): it may be cut or of another kind."
        ) from error


def _is_hidden(match: Path, pattern: Path) -> bool:
    """Whether a pattern met a hidden file or folder that it does not name."""
    return any(part.startswith(".") and part not in pattern.parts for part in match.parts)


def _identity(path: Path) -> str:
    stat = path.stat()
    if stat.st_size <= LARGEST_HASHED:
        return f"sha256:{sha256(path)}"
    return f"size:{stat.st_size} changed:{stat.st_mtime_ns}"


def _broken(name: str, where: str, error: Exception, line: bytes, language: str | None) -> Quarantined:
    if isinstance(error, KeyError):
        reason = f"the key {error.args[0]} is missing"
    else:
        reason = f"{type(error).__name__}: {error}"
    return Quarantined(name, where, reason, line[: 4 * EXCERPT].decode("utf-8", "replace")[:EXCERPT], language or "und")

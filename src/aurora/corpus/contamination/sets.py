"""Benchmark sets as users have them: files or folders of JSON lines, whose strings are the texts of an item.

One decision: no set has a reader of its own. A row is an item, named by its `id` or by its file and line; every string
in it, however deep in lists and objects, is one of its texts, unless the recipe names fields.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aurora.corpus.sources.formats.compression import first_line
from aurora.corpus.sources.streams import PACKED, opened_text
from aurora.errors import UserError
from aurora.hashes import digest_of

ENDINGS = (".jsonl", *(f".jsonl{ending}" for ending in PACKED))
_KEY = "corpus.curation.contamination.sets"
LONGEST_ROW = 50_000_000  # bytes; the longest contexts of published benchmarks have 1 MB


@dataclass(frozen=True)
class Item:
    """A row of a benchmark set: the set's name, the row's name, and its texts."""

    set: str
    id: str
    texts: tuple[str, ...]


def set_files(name: str, path: Path) -> list[Path]:
    """The files of a set: `path` itself, or the JSON lines files below it; `UserError` if there are none."""
    if path.is_file():
        return [path]
    files = sorted(file for file in path.rglob("*") if file.is_file() and file.name.lower().endswith(ENDINGS))
    if not files:
        kinds = ", ".join(f"*{ending}" for ending in ENDINGS)
        raise UserError(f"{_KEY}.{name}: {path} is neither a file nor a folder of files ({kinds}); check the path.")
    return files


def identity(name: str, path: Path) -> dict[str, str]:
    """The SHA-256 of each file of a set, by its name below `path`."""
    return {file.relative_to(path.parent).as_posix(): digest_of(file) for file in set_files(name, path)}


def read_set(name: str, path: Path, fields: Sequence[str] = ()) -> Iterator[Item]:
    """The items of a set in order, with the texts of the named `fields`, or of all.

    Raises `UserError` for a row that is not a JSON object, and for a field that no row has.
    """
    missing = set(fields)
    for file in set_files(name, path):
        place = file.relative_to(path.parent).as_posix()
        for number, line in enumerate(_lines(name, file), 1):
            if not line.strip():
                continue
            row = _row(name, f"{file}, line {number}", line)
            missing -= row.keys()
            id = row.get("id")
            names = fields or [field for field in row if field != "id"]
            chosen = [row[field] for field in names if field in row]
            yield Item(name, str(id) if isinstance(id, str | int) else f"{place}:{number}", tuple(_strings(chosen)))
    if missing:
        raise UserError(
            f"{_KEY}.{name}: no row of {path} has the field {', '.join(sorted(missing))}; correct "
            "corpus.curation.contamination.fields."
        )


def _lines(name: str, file: Path) -> Iterator[bytes]:
    try:
        with opened_text(file) as lines:
            while line := lines.readline(LONGEST_ROW + 1):
                if len(line) > LONGEST_ROW:
                    raise UserError(
                        f"{_KEY}.{name}: {file} has a row of more than {LONGEST_ROW:,} bytes, which is not an item; "
                        "check the path."
                    )
                yield line
    except (OSError, EOFError) as error:
        raise UserError(
            f"{_KEY}.{name}: {file} cannot be read to its end ({first_line(error)}); get a whole copy of it."
        ) from error


def _row(name: str, place: str, line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{_KEY}.{name}: {place} is not valid JSON ({error}); correct it.") from error
    if not isinstance(row, dict):
        raise UserError(f"{_KEY}.{name}: {place} is not a JSON object; write each item as named fields.")
    return row


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for entry in value:
            yield from _strings(entry)
    elif isinstance(value, dict):
        for entry in value.values():
            yield from _strings(entry)

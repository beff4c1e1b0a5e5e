"""Files as records: one table of plain keys for each item, whatever layout it was published in.

One decision: a record keeps the words of its file; what its keys mean to a review is told by `items`. Argilla's fields
and metadata become keys, and so do the columns of CSV and Parquet.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aurora.corpus.sources.formats.compression import Damage
from aurora.corpus.sources.streams import opened
from aurora.errors import AuroraError, UserError
from aurora.files import open_regular, read_regular
from aurora.redteam.review.importing.files import LARGEST_FILE, LONGEST_LINE, MOST_ITEMS, files_of, kind_of

LARGEST_LIST = 200_000_000  # bytes of JSON that is one list of records


@dataclass(frozen=True)
class Record:
    """One item as a file has it, and its place: the file, and a line or number in it."""

    place: str
    values: Mapping[str, Any]


def read_records(path: Path) -> Iterator[Record]:
    """Every record at a path; `UserError` names the file and line of one that cannot be read."""
    count = 0
    for file in files_of(path):
        for record in _records(file):
            count += 1
            if count > MOST_ITEMS:
                raise UserError(f"{path} holds more than {MOST_ITEMS:,} items: import a part of them.")
            yield record


def _records(file: Path) -> Iterator[Record]:
    try:
        if kind_of(file) == ".parquet":
            yield from _parquet(file)
        elif kind_of(file) == ".csv":
            yield from _csv(file)
        elif kind_of(file) == ".json" and _is_list(file):
            yield from _list(file)
        else:
            yield from _lines(file)
    except UserError:
        raise
    except AuroraError as error:
        raise UserError(str(error)) from error
    except Damage as error:
        raise UserError(f"{file} cannot be read whole ({error}): write it again.") from error
    except OSError as error:
        raise UserError(
            f"{file} cannot be read ({error.strerror or error}): check its permissions and the disk."
        ) from error


def _lines(file: Path) -> Iterator[Record]:
    """The records of JSON lines, compressed or not."""
    with opened(file) as stream:
        number = size = 0
        while line := stream.readline(LONGEST_LINE + 1):
            number, size = number + 1, size + len(line)
            place = f"{file}, line {number}"
            if len(line) > LONGEST_LINE:
                raise UserError(f"{place}: this line has more than {LONGEST_LINE:,} bytes, the most of an item.")
            if size > LARGEST_FILE:
                raise UserError(f"{file} holds more than {LARGEST_FILE:,} bytes when it is unpacked: split it.")
            if line.strip():
                yield _record(place, _parsed(place, line))


def _parsed(place: str, text: bytes) -> Any:
    try:
        return json.loads(text.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{place}: this is not valid JSON ({error}): correct it.") from error


def _is_list(file: Path) -> bool:
    with open_regular(file) as stream:
        return stream.read(4_096).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")


def _list(file: Path) -> Iterator[Record]:
    for number, value in enumerate(_parsed(str(file), read_regular(file, LARGEST_LIST, UserError)), 1):
        yield _record(f"{file}, item {number}", value)


def _parquet(file: Path) -> Iterator[Record]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        number = 0
        with open_regular(file) as stream:
            for batch in pq.ParquetFile(stream).iter_batches(batch_size=256):
                if batch.nbytes > LARGEST_FILE:
                    raise UserError(f"{file}: 256 rows have {batch.nbytes:,} bytes, too many for items.")
                for row in batch.to_pylist():
                    number += 1
                    yield _record(f"{file}, row {number}", row)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UserError(f"{file} is no Parquet file that can be read ({error}): write it again.") from error


def _csv(file: Path) -> Iterator[Record]:
    with open_regular(file) as stream:
        text = io.TextIOWrapper(stream, "utf-8-sig", newline="")
        try:
            reader = csv.DictReader(text, strict=True)
            for row in reader:
                yield _record(f"{file}, line {reader.line_num}", {key: _uncelled(value) for key, value in row.items()})
        except (csv.Error, UnicodeDecodeError) as error:
            raise UserError(f"{file} is no CSV in UTF-8 ({error}): write it again.") from error
        finally:
            text.detach()


def _uncelled(value: Any) -> Any:
    """A cell without the apostrophe that our export puts before what a spreadsheet would compute."""
    from aurora.redteam.review.exporting.formats import is_formula

    return value[1:] if isinstance(value, str) and value[:1] == "'" and is_formula(value[1:]) else value


def _record(place: str, value: Any) -> Record:
    if not isinstance(value, dict):
        raise UserError(f"{place}: this is no item, but {type(value).__name__}: write a table with a `prompt`.")
    if isinstance(value.get("fields"), dict):  # Argilla
        metadata = value.get("metadata")
        flat = {**(metadata if isinstance(metadata, dict) else {}), **value["fields"]}
        value = flat | ({"id": value["id"]} if value.get("id") else {})
    return Record(place, {key: entry for key, entry in value.items() if isinstance(key, str) and entry is not None})

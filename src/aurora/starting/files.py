"""The files that somebody names as their text: files, patterns and folders, all of one kind.

One decision: a folder stands for every file below it that holds text, and a recipe states it by patterns only where
these match exactly the files that were looked at.
"""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from aurora.corpus.sources.files import find_files, is_hidden, is_parquet
from aurora.corpus.sources.formats.compression import Damage
from aurora.corpus.sources.streams import PACKED, opened_text
from aurora.errors import UserError
from aurora.nearest import nearest

Kind = Literal["jsonl", "parquet", "text"]
NAMES: dict[Kind, str] = {"jsonl": "JSON lines", "parquet": "Parquet", "text": "plain text"}
HEAD = 1 << 12  # bytes that tell the kind of a file
MOST_PATTERNS = 4  # endings of one folder's files; with more, its files are listed
MOST_NAMED = 3  # files in one sentence
TABLES = (".csv", ".tsv")


@dataclass(frozen=True)
class Texts:
    """Files of one kind; `patterns` match them, from the working folder; `left_out` are files of a folder without
    text."""

    kind: Kind
    files: list[Path]
    patterns: list[str]
    left_out: list[Path]


def texts_of(given: Sequence[str]) -> Texts:
    """The files that are named; `UserError` where there are none, one holds no text, or they are of several kinds."""
    found: dict[Path, Kind] = {}
    patterns: list[str] = []
    left_out: list[Path] = []
    for one in given:
        path = Path(one).expanduser()
        if path.is_dir():
            kinds = {file: _kind(file) for file in _below(path)}
            inside: dict[Path, Kind] = {file: kind for file, kind in kinds.items() if not isinstance(kind, Odd)}
            if not inside:
                raise UserError(f"--text {one}: this folder holds no files of text{_first(kinds)}.")
            left_out += [file for file in kinds if file not in inside]
            patterns += _patterns(path, list(inside))
            found |= inside
            continue
        for file in _matches(one, str(path)):
            kind = _kind(file)
            if isinstance(kind, Odd):
                raise UserError(f"--text {file}: {kind.why}.")
            found[file] = kind
        patterns.append(str(path))
    return Texts(_one_kind(found), list(found), patterns, left_out)


@dataclass(frozen=True)
class Odd:
    """Why a file is no text."""

    why: str


def _kind(path: Path) -> Kind | Odd:
    """What a file is by its beginning."""
    if path.suffix.lower() in TABLES:
        return Odd(
            "this is a table of separated values: write it as JSON lines or Parquet, with the text in one column"
        )
    try:
        if is_parquet(path):
            return "parquet"
        with opened_text(path) as stream:
            read = stream.read(HEAD)
            head = read.lstrip(b"\xef\xbb\xbf \r\n\t")
    except Damage as error:
        return Odd(str(error))
    except OSError as error:
        return Odd(f"this cannot be read ({error.strerror}): check the file and its permissions")
    if b"\0" in head:
        return Odd("this is no text: give JSON lines, Parquet or text files")
    if head.lower().startswith((b"<!doctype", b"<html", b"warc/")):
        return Odd("this holds web pages: write `kind: html` or `kind: warc` in a recipe, as docs/recipe.md says")
    if head.startswith((b"{", b"[{")) or (head.startswith(b"[") and path.suffix == ".json"):
        return "jsonl"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head, final=len(read) < HEAD)
    except UnicodeDecodeError:
        return Odd("this is not UTF-8: save it as UTF-8")
    return "text"


def _matches(given: str, pattern: str) -> list[Path]:
    try:
        return [Path(place) for place in find_files("text", [pattern], Path.cwd())]
    except UserError as error:
        path = Path(pattern)
        if path.exists():
            raise UserError(f"--text {given}: this is a pipe or a device: give a regular file.") from error
        beside = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
        close = nearest(path.name, beside)
        hint = f"did you mean {path.with_name(close)}?" if close else "check the path, and quote a pattern"
        raise UserError(f"--text {given}: no file matches ({hint}).") from error


def _below(folder: Path) -> Iterator[Path]:
    """The files below a folder, but for hidden ones and those of hidden folders."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not is_hidden(path.relative_to(folder), Path()):
            yield path


def _patterns(folder: Path, files: Sequence[Path]) -> list[str]:
    """Patterns that match exactly these files of a folder; the files themselves where there are none."""
    endings = dict.fromkeys(map(_ending, files))
    patterns = [f"{folder.as_posix()}/**/*{ending}" for ending in endings]
    if all(endings) and len(patterns) <= MOST_PATTERNS:
        matched = find_files("text", patterns, Path.cwd()).values()
        if {path.resolve() for path in matched} == {path.resolve() for path in files}:
            return patterns
    return [path.as_posix() for path in files]


def _ending(path: Path) -> str:
    packed = path.suffix if path.suffix.lower() in PACKED else ""
    return path.with_suffix("").suffix + packed if packed else path.suffix


def _one_kind(found: dict[Path, Kind]) -> Kind:
    """The kind of all files."""
    by_kind: dict[Kind, list[Path]] = {}
    for path, kind in found.items():
        by_kind.setdefault(kind, []).append(path)
    most = max(by_kind, key=lambda kind: len(by_kind[kind]))
    if len(by_kind) > 1:
        counted = " and ".join(f"{len(files)} of {NAMES[kind]} ({files[0]})" for kind, files in by_kind.items())
        example = by_kind[most][0]
        above = Path(os.path.commonpath([path.parent for path in by_kind[most]])).as_posix()
        raise UserError(
            f"--text: a source has files of one kind, and these are {counted}: give those of one, for instance "
            f"--text '{above}/**/*{_ending(example)}'."
        )
    return most


def _first(kinds: dict[Path, Kind | Odd]) -> str:
    """The first file that is no text, and why."""
    return next((f" (the first: {path}: {kind.why})" for path, kind in kinds.items() if isinstance(kind, Odd)), "")


def named(paths: Sequence[Path]) -> str:
    """Some files by name."""
    more = f" and {len(paths) - MOST_NAMED} more" if len(paths) > MOST_NAMED else ""
    return ", ".join(map(str, paths[:MOST_NAMED])) + more

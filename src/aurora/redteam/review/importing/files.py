"""Which files an import reads, and in what bounds.

One decision: only regular files below the path that was given are read, whatever a card or a list in them names, and
nothing through a link that leads elsewhere; a file or a line too large to be an item's is refused before it is held.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from aurora.corpus.sources.streams import PACKED
from aurora.errors import UserError

LARGEST_FILE = 2_000_000_000  # bytes
LONGEST_LINE = 4_000_000  # bytes of one item
MOST_FILES, MOST_SEEN = 1_000, 100_000  # in a folder: with items, and of any kind
MOST_ITEMS = 1_000_000
READ = (".jsonl", ".json", ".ndjson", ".parquet", ".csv")
LINES = (".jsonl", ".ndjson")  # these may be compressed
# What lies beside data and is none.
_BESIDE = frozenset(
    {"summary.json", "agreement.json", "manifest.json", "dataset_info.json", "dataset_infos.json", "state.json"}
)
# Parts of exports, ours and Potato's, that hold no items.
_NO_ITEMS = ("preferences", "annotation_output")


def files_of(path: Path) -> list[Path]:
    """The files with items at a path, sorted: the file itself, or those below a folder."""
    if not path.exists():
        raise UserError(f"{path} does not exist: give a file of items, or a folder with such files.")
    if path.is_file():
        if not kind_of(path):
            raise UserError(f"{path} is of no kind that is read: give one that ends in {', '.join(READ)}.")
        return [_bounded(path)]
    if not path.is_dir():
        raise UserError(f"{path} is a pipe or a device: give a file of items, or a folder with such files.")
    found = sorted(_below(path))
    if not found:
        raise UserError(f"{path} holds no file that ends in {', '.join(READ)}: give a folder of items.")
    if len(found) > MOST_FILES:
        raise UserError(f"{path} holds more than {MOST_FILES:,} files: give a folder with fewer.")
    return [_bounded(file) for file in found]


def kind_of(file: Path) -> str:
    """The ending of a file that says how it is read, without that of its compression; empty where it is not read."""
    packed = file.suffix.lower() in PACKED
    ending = Path(file.stem).suffix if packed else file.suffix
    return ending if ending in (LINES if packed else READ) else ""


def _below(folder: Path) -> Iterator[Path]:
    root = folder.resolve()
    for seen, file in enumerate(folder.rglob("*")):
        if seen >= MOST_SEEN:
            raise UserError(f"{folder} holds more than {MOST_SEEN:,} files and folders: give the folder of the items.")
        parts = file.relative_to(folder).parts
        if not kind_of(file) or file.name in _BESIDE or any(part.startswith(".") for part in parts):
            continue
        if parts[0].partition(".")[0] in _NO_ITEMS:
            continue
        if file.is_symlink() or not file.resolve().is_relative_to(root):
            raise UserError(f"{file} is a link that leads to {file.resolve()}: put the file itself there.")
        if file.is_file():
            yield file


def _bounded(file: Path) -> Path:
    size = file.stat().st_size
    if size > LARGEST_FILE:
        raise UserError(f"{file} has {size:,} bytes, more than the {LARGEST_FILE:,} that are read: split it.")
    return file

"""Folders that Aurora writes: the files each one lists, whether they still match, and how one folder replaces another.

One decision: Aurora owns exactly the files that a list inside the folder names (a step's manifest, a checkpoint's
checksums). Only these, and only while they are unchanged, are ever replaced or removed; everything else is somebody's
work and stays.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

from aurora.errors import AuroraError, UserError
from aurora.files import explained, flush_folder, flush_tree, read_json
from aurora.hashes import digest_of

MANIFEST = "manifest.json"
CHECKSUMS = "checksums.json"
LISTS = (MANIFEST, CHECKSUMS)
# Suffix of the folder beside a step's own that keeps earlier work: hours of training are never deleted for an edit.
SET_ASIDE = ".set-aside"
MISSING, ALTERED, LINKED, EXTRA = (
    "is missing",
    "has changed since it was written",
    "is a symbolic link, not what was written",
    "was not written by Aurora",
)


def listed_in(folder: Path) -> dict[str, str] | None:
    """SHA-256 by name (relative to `folder`) of the files that its own list names; None if it has no list.

    Raises `AuroraError` if the list is malformed or names anything outside the folder.
    """
    for name in LISTS:
        path = folder / name
        if path.is_file() and not path.is_symlink():
            return _hashes(path, read_json(path))
    return None


def _hashes(path: Path, values: Any) -> dict[str, str]:
    entries = values.get("outputs") if path.name == MANIFEST and isinstance(values, dict) else values
    if isinstance(entries, dict):
        hashes = {
            name: entry["sha256"] if isinstance(entry, dict) and "sha256" in entry else entry
            for name, entry in entries.items()
        }
        if all(isinstance(value, str) for value in hashes.values()) and all(map(_inside, hashes)):
            return hashes
    raise AuroraError(f"{path} does not list the files of its folder: restore it, or move the folder away.")


def _inside(name: str) -> bool:
    """Whether a name leads to a file below the folder that lists it."""
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and "\0" not in name


def faults(folder: Path, listed: Mapping[str, str], digest: Callable[[Path], str] = digest_of) -> dict[str, str]:
    """By name, what is wrong with files of `listed` (SHA-256 by name); `digest` hashes a file."""
    faulty: dict[str, str] = {}
    links = {parent: _linked(folder, parent) for parent in {PurePosixPath(name).parent for name in listed}}
    for name, expected in listed.items():
        path = folder / name
        if links[PurePosixPath(name).parent] or path.is_symlink():
            faulty[name] = LINKED
        elif not path.exists():
            faulty[name] = MISSING
        elif not path.is_file() or digest(path) != expected:
            faulty[name] = ALTERED
    return faulty


def _linked(folder: Path, parent: PurePosixPath) -> bool:
    """Whether `folder`, or a folder between it and `parent`, is a symbolic link."""
    return folder.is_symlink() or any(
        (folder / part).is_symlink() for part in (parent, *parent.parents) if part != PurePosixPath(".")
    )


def refuse_faulty(folder: Path, faulty: Mapping[str, str]) -> None:
    """`AuroraError` for the first of an artifact's `faults`, with what to do."""
    for name, fault in faulty.items():
        others = f" (and {len(faulty) - 1} more of its files)" if len(faulty) > 1 else ""
        raise AuroraError(
            f"{folder / name} {fault}{others}: restore it, or move {folder} away, and run the recipe again."
        )


def extras(folder: Path, listed: Mapping[str, str]) -> list[str]:
    """Names of what `folder` holds besides its list and the files of `listed`, sorted; empty folders do not count."""
    return sorted(name for name in _entries(folder) if name not in listed and name not in LISTS)


def _entries(folder: Path, prefix: str = "") -> Iterator[str]:
    """Names of everything below a folder except folders; symbolic links are not followed."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _entries(Path(entry.path), f"{prefix}{entry.name}/")
            else:
                yield prefix + entry.name


def keep_from_loss(folder: Path) -> None:
    """`UserError` if `folder` holds anything that would be lost when another folder replaces it."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise UserError(f"{folder} is a file or a link, not a folder: move it away, or choose another place.")
    if not folder.exists():
        return
    listed = listed_in(folder)
    if listed is None:
        if names := sorted(item.name for item in folder.iterdir()):
            raise UserError(
                f"{folder} holds {names[0]} and was not written by Aurora (it has no {MANIFEST}), so it is not "
                "replaced: move it away, or choose another place."
            )
        return
    unlisted = extras(folder, listed)
    changed = {name: fault for name, fault in faults(folder, listed).items() if fault != MISSING}
    for name, fault in [*dict.fromkeys(unlisted, EXTRA).items(), *changed.items()]:
        raise UserError(f"{folder / name} {fault} and would be lost: move it away, or delete it, and run again.")


def publish(partial: Path, final: Path) -> None:
    """Move the finished folder `partial` to `final`; an older folder there is removed only after the swap.

    Every folder that Aurora replaces is replaced here. Raises `UserError` if that would lose a user's files.
    """
    with explained(final):
        flush_tree(partial)
        clear_replaced(final)
        keep_from_loss(final)
        old = _replaced(final)
        if old.exists() or old.is_symlink():
            raise UserError(f"{old} was not written by Aurora and is in the way: move it away and run again.")
        if final.exists():
            final.replace(old)
        partial.replace(final)
        flush_folder(final.parent)
        clear_replaced(final)


def clear_replaced(final: Path) -> None:
    """Finish the swap of a killed process: remove the older folder, or put it back if `final` never arrived."""
    old = _replaced(final)
    if old.is_dir() and not old.is_symlink() and not final.exists() and not final.is_symlink():
        old.replace(final)
    remove(old)


def _replaced(final: Path) -> Path:
    """Where the older folder waits during a swap."""
    return final.with_name(f".{final.name}.replaced")


def remove(folder: Path) -> None:
    """Remove the files that a folder's list names, then the list, then empty folders.

    In this order, because a process killed at any point leaves the list of what is still Aurora's.
    """
    if folder.is_symlink() or not folder.is_dir():
        return
    for name in listed_in(folder) or {}:
        if not _linked(folder, PurePosixPath(name).parent):
            (folder / name).unlink(missing_ok=True)
    if not extras(folder, {}):
        for name in LISTS:
            (folder / name).unlink(missing_ok=True)
    for path, _, _ in os.walk(folder, topdown=False):
        with suppress(OSError):  # a folder that still holds a user's file stays
            Path(path).rmdir()

"""Folders that Aurora writes: what each lists of itself, whether it still is as listed, and how one replaces another.

One decision: a folder is ours exactly as far as a list inside it (a step's manifest, a checkpoint's checksums) names
its files. Only what such a list names, and only while it is as it was written, is ever replaced or removed; all else is
somebody's work, and stays.
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
# Ends the name of a folder beside a step's, where its earlier work lies that is not to be lost.
SET_ASIDE = ".set-aside"
MISSING, ALTERED, LINKED, EXTRA = (
    "is missing",
    "is not as it was written",
    "is a symbolic link, not what was written",
    "was not written by Aurora",
)


def listed_in(folder: Path) -> dict[str, str] | None:
    """SHA-256 by name (relative to `folder`) of the files its own list names; None where it has no list.

    Raises `AuroraError` for a list that is none, or names anything outside the folder.
    """
    for name in LISTS:
        path = folder / name
        if path.is_file() and not path.is_symlink():
            return _hashes(path, read_json(path))
    return None


def _hashes(path: Path, values: Any) -> dict[str, str]:
    found = values.get("outputs") if path.name == MANIFEST and isinstance(values, dict) else values
    if isinstance(found, dict):
        hashes = {
            name: value["sha256"] if isinstance(value, dict) and "sha256" in value else value
            for name, value in found.items()
        }
        if all(isinstance(value, str) for value in hashes.values()) and all(map(_inside, hashes)):
            return hashes
    raise AuroraError(f"{path} does not list the files of its folder: put a copy of it back, or move the folder away.")


def _inside(name: str) -> bool:
    """Whether a name leads to a file below the folder that lists it."""
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and "\0" not in name


def faults(folder: Path, listed: Mapping[str, str], digest: Callable[[Path], str] = digest_of) -> dict[str, str]:
    """What is wrong with which of the files that `listed` names by SHA-256; `digest` is how they are read."""
    found: dict[str, str] = {}
    links = {parent: _linked(folder, parent) for parent in {PurePosixPath(name).parent for name in listed}}
    for name, expected in listed.items():
        path = folder / name
        if links[PurePosixPath(name).parent] or path.is_symlink():
            found[name] = LINKED
        elif not path.exists():
            found[name] = MISSING
        elif not path.is_file() or digest(path) != expected:
            found[name] = ALTERED
    return found


def _linked(folder: Path, parent: PurePosixPath) -> bool:
    """Whether a folder on the way from `folder` down to `parent`, or `folder` itself, is a symbolic link."""
    return folder.is_symlink() or any(
        (folder / part).is_symlink() for part in (parent, *parent.parents) if part != PurePosixPath(".")
    )


def refuse_faulty(folder: Path, found: Mapping[str, str]) -> None:
    """`AuroraError` naming the first of the faults that were found in an artifact, and what to do."""
    for name, fault in found.items():
        others = f" (and {len(found) - 1} more of its files)" if len(found) > 1 else ""
        raise AuroraError(
            f"{folder / name} {fault}{others}: put a copy of it back, or move {folder} away, and run the recipe again."
        )


def extras(folder: Path, listed: Mapping[str, str]) -> list[str]:
    """What lies in `folder` beside its list and the files of `listed`, sorted; empty folders do not count."""
    return sorted(name for name in _entries(folder) if name not in listed and name not in LISTS)


def _entries(folder: Path, prefix: str = "") -> Iterator[str]:
    """Names of all that lies below a folder but folders; symbolic links are not followed."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _entries(Path(entry.path), f"{prefix}{entry.name}/")
            else:
                yield prefix + entry.name


def keep_from_loss(folder: Path) -> None:
    """`UserError` where `folder` holds anything that would be lost if another took its place."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise UserError(f"{folder} is a file or a link, not a folder: move it away, or choose another place.")
    if not folder.exists():
        return
    listed = listed_in(folder)
    if listed is None:
        if held := sorted(item.name for item in folder.iterdir()):
            raise UserError(
                f"{folder} holds {held[0]} and was not written by Aurora (it has no {MANIFEST}): "
                "it is not replaced; move it away, or choose another place."
            )
        return
    held = extras(folder, listed)
    changed = {name: fault for name, fault in faults(folder, listed).items() if fault != MISSING}
    for name, fault in [*dict.fromkeys(held, EXTRA).items(), *changed.items()]:
        raise UserError(f"{folder / name} {fault} and would be lost: move it away, or delete it, and run again.")


def publish(partial: Path, final: Path) -> None:
    """Put the finished folder `partial` in the place of `final`; an older one there is removed only after the swap.

    Every folder that Aurora replaces is replaced here. Raises `UserError` where that would lose what is not ours.
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
    """Remove the older folder that gave way to `final` and that a killed process left; if none came, it comes back."""
    old = _replaced(final)
    if old.is_dir() and not old.is_symlink() and not final.exists() and not final.is_symlink():
        old.replace(final)
    remove(old)


def _replaced(final: Path) -> Path:
    """Where a folder lies while another takes its place."""
    return final.with_name(f".{final.name}.replaced")


def remove(folder: Path) -> None:
    """Remove what the list of a folder names, then the list, then folders left empty: killed at any point, the rest is
    known for ours."""
    if folder.is_symlink() or not folder.is_dir():
        return
    for name in listed_in(folder) or {}:
        if not _linked(folder, PurePosixPath(name).parent):
            (folder / name).unlink(missing_ok=True)
    if not extras(folder, {}):
        for name in LISTS:
            (folder / name).unlink(missing_ok=True)
    for path, _, _ in os.walk(folder, topdown=False):
        with suppress(OSError):  # what is not ours keeps its folder
            Path(path).rmdir()

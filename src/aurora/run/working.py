"""The folder in which a step works until it is finished: `NAME.partial` beside the finished folder.

One decision: a working folder is Aurora's exactly when it holds the step's fingerprint. That file is the first one
written and the last one removed, so a folder of that name without it is somebody else's, and is refused instead of
emptied.
"""

from __future__ import annotations

import re
import shutil
from contextlib import suppress
from pathlib import Path

from aurora.errors import AuroraError, UserError
from aurora.files import explained, read_json
from aurora.folders import MANIFEST, listed_in

FINGERPRINT = ".fingerprint"
WORKING = ".partial"  # ends the name of a working folder


def working_folder(folder: Path) -> Path:
    """The folder in which the step that makes `folder` works until it is finished."""
    return folder.with_name(f"{folder.name}{WORKING}")


def is_work(partial: Path) -> bool:
    """Whether a folder is the working folder of a step: only `artifact` writes a fingerprint there."""
    return not partial.is_symlink() and _fingerprint_of(partial) is not None


def discard_work(folder: Path) -> None:
    """Remove what an attempt to make `folder` left, if any."""
    if is_work(working_folder(folder)):
        _empty(working_folder(folder))
        (working_folder(folder) / FINGERPRINT).unlink(missing_ok=True)
        working_folder(folder).rmdir()


def keep_work_from_loss(folder: Path) -> None:
    """`UserError` where the working folder of `folder` is somebody else's."""
    partial = working_folder(folder)
    held = sorted(item.name for item in partial.iterdir()) if partial.is_dir() and not partial.is_symlink() else []
    if partial.is_symlink() or (partial.exists() and not partial.is_dir()) or (held and not is_work(partial)):
        what = f"holds {held[0]} and" if held else "is in the way and"
        raise UserError(f"{partial} {what} was not written by Aurora: move it away, or choose another --output.")


def take_up(partial: Path, current: str, keep_edited: bool) -> None:
    """Prepare a working folder with the fingerprint `current`; earlier work in it stays if it has the same one."""
    folder = partial.with_name(partial.name.removesuffix(WORKING))
    keep_work_from_loss(folder)
    with explained(partial):
        earlier = _fingerprint_of(partial)
        partial.mkdir(parents=True, exist_ok=True)
        (partial / FINGERPRINT).touch()
        if earlier is not None and earlier != current and not keep_edited:
            _empty(partial)
        (partial / FINGERPRINT).write_text(current, encoding="utf-8")
        (partial / MANIFEST).unlink(missing_ok=True)  # of an attempt killed just before it was published


def _fingerprint_of(partial: Path) -> str | None:
    """The fingerprint in a working folder, empty where its writing was interrupted; None where there is none."""
    with suppress(OSError, UnicodeDecodeError):
        content = (partial / FINGERPRINT).read_text(encoding="utf-8")
        return content if re.fullmatch(r"[0-9a-f]{64}|", content) else None
    with suppress(AuroraError):  # the fingerprint is removed when the manifest is complete, just before publishing
        return str(read_json(partial / MANIFEST)["fingerprint"]) if listed_in(partial) is not None else None
    return None


def _empty(partial: Path) -> None:
    """Remove everything in a working folder but its fingerprint, without which it would not be known as Aurora's."""
    for path in partial.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != FINGERPRINT:
            path.unlink()


def sweep(partial: Path) -> None:
    """Remove files that killed attempts left half-written, at any depth."""
    for path in sorted(partial.rglob(".*.partial")):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)  # it may have gone with a half-written folder around it

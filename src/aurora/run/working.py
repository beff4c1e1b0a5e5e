"""The folder in which a step works until it is finished: `NAME.partial` beside its place.

One decision: a working folder is ours exactly when our mark, the fingerprint of the step, lies in it. The mark is the
first thing written and the last removed, so a folder of that name without it is somebody else's, and is refused instead
of emptied.
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
    """Where the step that makes `folder` writes until it is finished."""
    return folder.with_name(f"{folder.name}{WORKING}")


def is_work(partial: Path) -> bool:
    """Whether a folder is the working folder of a step: only `artifact` puts its mark there."""
    return not partial.is_symlink() and _mark_of(partial) is not None


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
        raise UserError(f"{partial} {what} was not written by Aurora: move it away, or choose another place.")


def take_up(partial: Path, mark: str, keep_edited: bool) -> None:
    """Have a working folder with this mark; what is in it from before stays where it belongs to the same."""
    folder = partial.with_name(partial.name.removesuffix(WORKING))
    keep_work_from_loss(folder)
    with explained(partial):
        found = _mark_of(partial)
        partial.mkdir(parents=True, exist_ok=True)
        (partial / FINGERPRINT).touch()
        if found is not None and found != mark and not keep_edited:
            _empty(partial)
        (partial / FINGERPRINT).write_text(mark, encoding="utf-8")
        (partial / MANIFEST).unlink(missing_ok=True)  # of an attempt that was killed when it was about to be published


def _mark_of(partial: Path) -> str | None:
    """The fingerprint that a working folder is of, empty where its writing was interrupted; None where it has none."""
    with suppress(OSError, UnicodeDecodeError):
        mark = (partial / FINGERPRINT).read_text(encoding="utf-8")
        return mark if re.fullmatch(r"[0-9a-f]{64}|", mark) else None
    with suppress(AuroraError):  # the mark goes when all is there, just before the folder gets its name
        return str(read_json(partial / MANIFEST)["fingerprint"]) if listed_in(partial) is not None else None
    return None


def _empty(partial: Path) -> None:
    """Remove all from a working folder but its mark, without which it would be nobody's."""
    for path in partial.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != FINGERPRINT:
            path.unlink()


def sweep(partial: Path) -> None:
    """Remove what killed attempts left half-written, however deep."""
    for path in sorted(partial.rglob(".*.partial")):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)  # it may have lain in a folder that was one too

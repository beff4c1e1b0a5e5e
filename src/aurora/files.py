"""Writing files so that nothing half-written is ever taken for finished.

One decision: a file or folder is written under a temporary name beside its place, flushed to disk, and renamed. Readers
therefore see the old content or the new, never a part. A full disk becomes one sentence naming the file.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from aurora.errors import AuroraError


def default_cache() -> Path:
    """The user's cache folder (XDG), for downloads and what is compiled."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "aurora"


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn operating-system errors while writing `path` into one sentence (`AuroraError`)."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise AuroraError(
                f"The disk is full while writing {path}: free some space and run the same command again."
            ) from error
        if error.errno in (errno.EACCES, errno.EROFS):
            raise AuroraError(
                f"{path} cannot be written ({error.strerror}): choose another --output or fix its permissions."
            ) from error
        raise


@contextmanager
def atomic_file(path: Path, mode: str = "wb") -> Iterator[IO[Any]]:
    """Open a temporary file that becomes `path` only when the block ends without an exception."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with explained(path), open(partial, mode, encoding=None if "b" in mode else "utf-8") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        with explained(path):
            partial.replace(path)
            flush_folder(path.parent)
    finally:
        partial.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` atomically; a file that already holds it is left alone."""
    try:
        if path.read_text(encoding="utf-8") == text:
            return
    except (OSError, UnicodeDecodeError):
        pass
    with atomic_file(path, "w") as stream:
        stream.write(text)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as readable JSON in the order of its keys, atomically; a file that holds it is left alone."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file; a missing or broken one is an `AuroraError` naming it."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise AuroraError(f"{path} does not exist.") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise AuroraError(f"{path} is not valid JSON ({error}): delete it and run the step again.") from error


def canonical_json(value: Any) -> bytes:
    """The one byte string that stands for `value` in every hash."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def sha256(path: Path) -> str:
    """SHA-256 of a file's content, hex."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def flush_folder(folder: Path) -> None:
    """Make a rename inside `folder` survive a power cut (a no-op where folders cannot be opened)."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush_tree(folder: Path) -> None:
    """Flush every file below `folder` to disk."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with open(path, "rb") as stream:
                os.fsync(stream.fileno())
    flush_folder(folder)


def publish(partial: Path, final: Path) -> None:
    """Put the finished folder `partial` in the place of `final`; an older one there is removed only after the swap."""
    with explained(final):
        flush_tree(partial)
        old = final.with_name(f".{final.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        if final.exists():
            final.replace(old)
        partial.replace(final)
        flush_folder(final.parent)
        shutil.rmtree(old, ignore_errors=True)

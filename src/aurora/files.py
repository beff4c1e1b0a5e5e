"""Atomic writing and bounded reading of files.

One decision: a file is written under a temporary name in the same folder, flushed to disk, and renamed. Readers
therefore see the old content or the new, never a part of it. A full disk becomes one sentence that names the file. Only
regular files up to a stated size are read whole, so no pipe or device blocks a command and no huge file fills memory.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path
from typing import IO, Any

from aurora.errors import AuroraError, UserError

# Bytes read to tell whether Aurora wrote a file: its pages and pictures say so in their first few hundred.
LONGEST_BEGINNING = 4096
LARGEST_JSON = 100_000_000  # bytes; a report has 1 MB, the manifest of 10,000 files 2 MB


def default_cache() -> Path:
    """The user's cache folder (XDG), for downloads and compiled kernels."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "aurora"


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn operating-system errors while writing `path` into one sentence (`AuroraError`)."""
    try:
        yield
    except OSError as error:
        if sentence := what_is_full(error, path):
            raise AuroraError(sentence) from error
        if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
            raise AuroraError(
                f"{path} cannot be written ({error.strerror}): choose another --output or fix its permissions."
            ) from error
        raise


def what_is_full(error: OSError, path: object) -> str | None:
    """A sentence for an error that says there is no room left to write `path`; None for any other error."""
    if error.errno == errno.ENOSPC:
        return f"The disk is full while writing {path}: free some space and run the same command again."
    if error.errno == errno.EDQUOT:
        return f"Your disk quota is used up while writing {path}: free some space and run the same command again."
    if error.errno == errno.EFBIG:
        return (
            f"{path} exceeds the largest file size allowed here: raise `ulimit -f`, or choose another --output on a "
            "file system that allows larger files, and run the same command again."
        )
    return None


@contextmanager
def open_regular(path: Path) -> Iterator[BufferedReader]:
    """The regular file `path`, open for reading; `AuroraError` for a pipe, a socket or a device, which may never end.

    Raises OSError as open() does.
    """
    try:
        # Without O_NONBLOCK opening a pipe would wait for somebody to write to it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except ValueError as error:  # a zero byte or half of a surrogate pair in the path
        raise AuroraError(f"{str(path)!r} is not a valid path ({error}): give another.") from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            kind = "a folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "a pipe or a device"
            raise AuroraError(f"{path} is {kind}, not a file: give a regular file.")
        stream = open(descriptor, "rb", closefd=False)  # noqa: SIM115
        with stream:
            yield stream
    finally:
        os.close(descriptor)


def read_regular(path: Path, largest: int, kind: type[AuroraError] = AuroraError) -> bytes:
    """The content of the regular file `path`, which has at most `largest` bytes. All small files are read this way.

    Raises FileNotFoundError, and an error of type `kind` if the file is larger, unreadable or not regular.
    """
    try:
        with open_regular(path) as stream:
            content = stream.read(largest + 1)
    except FileNotFoundError:
        raise
    except AuroraError as error:
        raise kind(str(error)) from error
    except OSError as error:
        raise kind(f"{path} cannot be read ({error.strerror}): check its permissions and the disk.") from error
    if len(content) > largest:
        raise kind(f"{path} has more than {largest:,} bytes, the limit for such a file: give a smaller one.")
    return content


@contextmanager
def atomic_file(path: Path, mode: str = "wb") -> Iterator[IO[Any]]:
    """Open a temporary file that becomes `path` only when the block ends without an exception.

    Raises `AuroraError` if `path` is a folder, a pipe or a device, which a file cannot replace.
    """
    if path.exists() and not path.is_file():
        kind = "a folder" if path.is_dir() else "a pipe or a device"
        raise AuroraError(f"{path} is {kind}, which a file cannot replace: give the path of a file.")
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
    """Write `text` atomically; a file that already holds it is left as it is, so its cached hash stays valid."""
    content = text.encode()
    with suppress(OSError):
        if path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content:
            return
    with atomic_file(path) as stream:
        stream.write(content)


def write_once(path: Path, text: str) -> None:
    """Write `text` where nothing stands, or the same; `UserError` where it would replace another text: what people read
    and correct by hand is theirs."""
    if path.is_dir():
        raise UserError(f"{path} is a folder: give the name of a file.")
    if path.is_symlink() or (path.exists() and path.stat().st_size):
        same = False
        with suppress(OSError, AuroraError), open_regular(path) as stream:
            same = stream.read() == text.encode()
        if not same:
            raise UserError(
                f"{path} holds another text, perhaps corrected by hand, which would be lost: move it away, or give "
                "another name."
            )
    write_text(path, text)


def json_lines(rows: Iterable[Mapping[str, Any]]) -> str:
    """The text of a file with a row in each line; one with half of a character has it escaped, as JSON may."""
    return "".join(_json_line(row) + "\n" for row in rows)


def _json_line(row: Mapping[str, Any]) -> str:
    line = json.dumps(row, ensure_ascii=False)
    try:
        line.encode()
    except UnicodeEncodeError:
        return json.dumps(row)
    return line


def write_json(path: Path, value: Any) -> None:
    """Write `value` atomically as indented JSON in the order of its keys; an identical file is left as it is."""
    write_text(path, json_text(value))


def json_text(value: Any) -> str:
    """The text that `write_json` writes for `value`."""
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def read_json(path: Path) -> Any:
    """Read a JSON file; `AuroraError` names one that is missing, broken or too large."""
    try:
        return json.loads(read_regular(path, LARGEST_JSON).decode("utf-8"))
    except FileNotFoundError as error:
        raise AuroraError(f"{path} does not exist: check the path, or run the step that writes it.") from error
    # ValueError: also UnicodeDecodeError and numbers of thousands of digits; RecursionError: nesting a thousand deep.
    except (ValueError, RecursionError) as error:
        raise AuroraError(f"{path} is not valid JSON ({error}): delete it and run the step again.") from error


def read_json_lines(path: Path) -> Iterator[Any]:
    """The values of a file of JSON lines; `AuroraError` names a line that is not JSON or has no end."""
    number = 0
    try:
        with open_regular(path) as stream:
            while line := stream.readline(LARGEST_JSON):  # not splitlines(), which also cuts at U+2028 inside texts
                number += 1
                yield json.loads(line)
    except FileNotFoundError as error:
        raise AuroraError(f"{path} does not exist: check the path, or run the step that writes it.") from error
    except (ValueError, RecursionError) as error:
        raise AuroraError(
            f"{path}, line {number}: this is not valid JSON ({error}): delete the file and run the step again."
        ) from error


@contextmanager
def as_written(path: Path) -> Iterator[None]:
    """Turn the errors of code that reads values of `path` in an unexpected form into one sentence (`AuroraError`)."""
    try:
        yield
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]  # a KeyError may quote a whole document
        raise AuroraError(
            f"{path} does not have the expected content ({type(error).__name__}: {reason}): restore it, "
            "or run its recipe again."
        ) from error


def canonical_json(value: Any) -> bytes:
    """The bytes that stand for `value` in every hash: keys sorted, no spaces."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def sha256(path: Path) -> str:
    """SHA-256 of a file's content, hex."""
    with open_regular(path) as stream:
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


def keep_from_overwriting(path: Path, ours: Callable[[bytes], bool]) -> None:
    """`UserError` if `path` exists and its first bytes are not `ours`: a command never overwrites a user's file."""
    if path.is_dir():
        raise UserError(f"{path} is a folder: give the name of a file.")
    if path.exists() or path.is_symlink():
        beginning = b""
        with suppress(OSError, AuroraError), open_regular(path) as stream:
            beginning = stream.read(LONGEST_BEGINNING)
        if not ours(beginning):
            raise UserError(
                f"{path} was not written by this command and would be lost: move it away, or give another name."
            )


def below(root: Path, name: str) -> Path:
    """The path `name` below the folder `root`; `UserError` if its parts or a symbolic link lead out of it."""
    path, parts = root / name, Path(name).parts
    if not parts or Path(name).is_absolute() or ".." in parts:
        raise UserError(f"{name!r} is not a path below {root}: choose another name.")
    if path.resolve() != root.resolve().joinpath(*parts):
        raise UserError(
            f"{path} leads through a symbolic link to {path.resolve()}: Aurora writes only below {root}; move the "
            "whole folder and give its new path as --output."
        )
    return path

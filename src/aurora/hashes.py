"""SHA-256 of files, cached so that an unchanged file is read once.

One decision: the key of a cached hash is the file's inode, size, modification time and status-change time, not its
name. The system sets the last at every write and nobody can set it back, so a flipped bit under a restored date is
noticed; and a file that moves with its folder keeps its hash.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from aurora.errors import AuroraError
from aurora.files import read_json, sha256, write_text

# FAT's clock, the slowest of common file systems, ticks every two seconds: a file changed less than that before it is
# read could change again under the same times. Its hash is right now, but must not be cached.
SETTLED_NS = 2_000_000_000
# Bytes. Hashing takes about a second a gigabyte, so from here on reading a file again takes longer than waiting for it
# to settle.
WORTH_WAITING = 2_000_000_000

_known: dict[str, str] = {}
_used: set[str] = set()


def digest_of(path: Path) -> str:
    """SHA-256 of a file's content, hex; read again only when its inode, size or times have changed."""
    key, age = _cache_key(path)
    if key in _known:
        _used.add(key)
        return _known[key]
    if age < SETTLED_NS and path.stat().st_size >= WORTH_WAITING:
        time.sleep((SETTLED_NS - max(age, 0)) / 1e9)
        key, age = _cache_key(path)
    digest = sha256(path)
    if age >= SETTLED_NS and _cache_key(path)[0] == key:
        _known[key] = digest
        _used.add(key)
    return digest


@contextmanager
def remembered(file: Path, *, write: bool = True) -> Iterator[None]:
    """Use the hashes cached in `file` during this block, then write back those used; a damaged file counts as empty."""
    before: dict[str, str] = {}
    with suppress(AuroraError, AttributeError):
        before = {str(key): str(value) for key, value in read_json(file).items()}
    _known.update(before)
    _used.clear()
    try:
        yield
    finally:
        # An entry not used belongs to a file that is gone, or to a step that this command did not reach. The latter is
        # worth keeping; once more than half is unused, most of it is the former.
        keep = before | {key: _known[key] for key in _used}
        if len(keep) > 2 * len(_used):
            keep = {key: _known[key] for key in _used}
        if write and keep != before:
            write_text(file, json.dumps(keep, indent=0, sort_keys=True) + "\n")


def _cache_key(path: Path) -> tuple[str, int]:
    """The key of a file's cached hash, and how long (nanoseconds) the file has been unchanged."""
    status = path.stat()
    key = f"{status.st_ino} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"
    return key, time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns)

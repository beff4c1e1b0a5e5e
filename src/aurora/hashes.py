"""SHA-256 of files, each read once as long as it does not change.

One decision: a hash is known by the file's inode, size and times of change of content and of status, not by its name.
The last of these the system sets at every write and nobody can set back, so neither a flipped bit of equal size nor a
restored date is taken for the file that was hashed; and a file renamed with its folder stays known.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from aurora.errors import AuroraError
from aurora.files import read_json, sha256, write_text

# The slowest clock of a file system ticks every two seconds: a file that changed less than that before it is
# read could change again and bear the same times. Its hash is right, but not known for later.
SETTLED_NS = 2_000_000_000
# From here on, reading a file twice takes longer than waiting until it has settled.
WORTH_WAITING = 2_000_000_000

_known: dict[str, str] = {}
_used: set[str] = set()


def digest_of(path: Path) -> str:
    """SHA-256 of a file's content, hex; not read again while its inode, size and times are those it was read with."""
    key, age = _state(path)
    if key in _known:
        _used.add(key)
        return _known[key]
    if age < SETTLED_NS and path.stat().st_size >= WORTH_WAITING:
        time.sleep((SETTLED_NS - max(age, 0)) / 1e9)
        key, age = _state(path)
    digest = sha256(path)
    if age >= SETTLED_NS and _state(path)[0] == key:
        _known[key] = digest
        _used.add(key)
    return digest


@contextmanager
def remembered(file: Path, *, write: bool = True) -> Iterator[None]:
    """Know in this block what `file` remembers, and have it remember what is learnt; damaged, it remembers nothing."""
    before: dict[str, str] = {}
    with suppress(AuroraError, AttributeError):
        before = {str(key): str(value) for key, value in read_json(file).items()}
    _known.update(before)
    _used.clear()
    try:
        yield
    finally:
        # What was not asked for is of files that are gone, or of steps that this command did not come to.
        keep = before | {key: _known[key] for key in _used}
        if len(keep) > 2 * len(_used):
            keep = {key: _known[key] for key in _used}
        if write and keep != before:
            write_text(file, json.dumps(keep, indent=0, sort_keys=True) + "\n")


def _state(path: Path) -> tuple[str, int]:
    """What tells a file's content from any other, and for how long (nanoseconds) it has been so."""
    found = path.stat()
    key = f"{found.st_ino} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"
    return key, time.time_ns() - max(found.st_mtime_ns, found.st_ctime_ns)

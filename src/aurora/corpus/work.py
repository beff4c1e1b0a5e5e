"""The work files of a shard: what a phase leaves for the next, and what tells that it is done.

One decision: a phase is done where a mark beside its files holds the fingerprint of all they depend on. Marks are
written last, so whatever kills a worker, the shard in its hands is done again and no other.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from aurora.files import canonical_json, write_json
from aurora.hashes import digest_of
from aurora.progress import say

# What a document becomes, as numbers in the columns of fates, and the folders of a corpus that they name.
CLEAN, HELD_OUT, DROPPED = range(3)
PART_NAMES = ("clean", "held_out", "dropped")


@dataclass(frozen=True)
class WorkFiles:
    """Where the work of a shard lies."""

    work: Path
    shard: str

    @property
    def texts(self) -> Path:
        """The documents as they left the steps; one row group a batch."""
        return self.work / "texts" / f"{self.shard}.parquet"

    @property
    def facts(self) -> Path:
        """What is known of each document, in the same rows and groups: hashes, losses, counts, statistics."""
        return self.work / "statistics" / f"{self.shard}.parquet"

    @property
    def signatures(self) -> Path:
        """The signatures of the documents, row for row, where near duplicates are asked for."""
        return self.work / "signatures" / f"{self.shard}.bin"

    @property
    def quarantined(self) -> Path:
        """The inputs that became no document, as JSON lines."""
        return self.work / "quarantined" / f"{self.shard}.jsonl"

    @property
    def judged(self) -> Path:
        """The first loss of each document by what is known of it alone."""
        return self.work / "judged" / f"{self.shard}.parquet"

    @property
    def fates(self) -> Path:
        """The part each document belongs to, and its loss, when all shards are known."""
        return self.work / "fates" / f"{self.shard}.parquet"

    @property
    def lines(self) -> Path:
        """The lines at the edges of documents that may be boilerplate, where it is looked for."""
        return self.work / "lines" / f"{self.shard}.parquet"

    @property
    def passages(self) -> Path:
        """The passages of the documents, where repeated ones are looked for."""
        return self.work / "passages" / f"{self.shard}.parquet"

    @property
    def repeats(self) -> Path:
        """The passages to cut out because they stood elsewhere before."""
        return self.work / "repeats" / f"{self.shard}.parquet"

    @property
    def remains(self) -> Path:
        """What is left of the documents that something is cut out of, and whether it is a document."""
        return self.work / "remains" / f"{self.shard}.parquet"

    @property
    def cuts(self) -> Path:
        """What is cut out of documents when they are written."""
        return self.work / "cuts" / f"{self.shard}.parquet"

    def result(self, phase: str, fingerprint: str) -> dict[str, Any] | None:
        """What a phase said when it was done with the same fingerprint; None where it must run, be it that one of the
        files it made is not as it was."""
        try:
            mark = json.loads(self._mark(phase).read_text(encoding="utf-8"))
            if mark["fingerprint"] != fingerprint:
                return None
            same = all(digest_of(self.work / name) == digest for name, digest in mark["made"].items())
            result: dict[str, Any] = mark["result"]
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        return result if same else None

    def finish(self, phase: str, fingerprint: str, result: dict[str, Any], *made: Path) -> None:
        """Mark a phase as done that `made` these files, as far as it had anything to put into them."""
        hashes = {path.relative_to(self.work).as_posix(): digest_of(path) for path in made if path.is_file()}
        write_json(self._mark(phase), {"fingerprint": fingerprint, "result": result, "made": hashes})

    def _mark(self, phase: str) -> Path:
        return self.work / phase / f"{self.shard}.done.json"


def is_kept(files: WorkFiles) -> npt.NDArray[np.bool_]:
    """Whether each document of a shard whose fates are known is kept."""
    return np.asarray(pq.read_table(files.fates, columns=["part"])["part"].to_numpy() != DROPPED, np.bool_)


@contextmanager
def at_work(work: Path) -> Iterator[None]:
    """Held by a process while it carries out a task, so that the next build can wait for it."""
    with _lock(work) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield


def wait_for_workers(work: Path) -> None:
    """Wait until workers of a build that was killed have ended the tasks they had in hand.

    Whatever kills a build may leave its workers alive. One that is still writing a shard first removes the parts of it
    that are there, which may be those that the next build has just found to be done.
    """
    with _lock(work) as descriptor:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("  waiting for workers of a build that was killed")
            fcntl.flock(descriptor, fcntl.LOCK_EX)


@contextmanager
def _lock(work: Path) -> Iterator[int]:
    work.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(work / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        yield descriptor
    finally:
        os.close(descriptor)  # and the lock with it


def fingerprint(*parts: Any) -> str:
    """A hash over JSON values."""
    return hashlib.sha256(canonical_json(parts)).hexdigest()

"""The work files of a shard: what a phase leaves for the next, and the record that it is done.

One decision: a phase is done if its record (`PHASE/SHARD.done.json`) holds the fingerprint of everything it depends on.
Records are written last, so if a worker is killed, only the shard it was working on is done again.
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

from aurora.console.progress import say
from aurora.files import canonical_json, write_json
from aurora.hashes import digest_of

# A document's fate as a number in the columns of fates, and the folder of the corpus that each number stands for.
CLEAN, HELD_OUT, DROPPED = range(3)
PART_NAMES = ("clean", "held_out", "dropped")


@dataclass(frozen=True)
class WorkFiles:
    """The paths of a shard's work files."""

    work: Path
    shard: str

    @property
    def texts(self) -> Path:
        """The documents as they left the steps of preparing; one row group a batch."""
        return self.work / "texts" / f"{self.shard}.parquet"

    @property
    def facts(self) -> Path:
        """Hashes, losses, counts and statistics of each document, in the same rows and groups as `texts`."""
        return self.work / "statistics" / f"{self.shard}.parquet"

    @property
    def signatures(self) -> Path:
        """The MinHash signature of each document, if near duplicates are looked for."""
        return self.work / "signatures" / f"{self.shard}.bin"

    @property
    def quarantined(self) -> Path:
        """The inputs that could not become documents, as JSON lines."""
        return self.work / "quarantined" / f"{self.shard}.jsonl"

    @property
    def judged(self) -> Path:
        """The first loss of each document, judged by its own facts."""
        return self.work / "judged" / f"{self.shard}.parquet"

    @property
    def fates(self) -> Path:
        """The part each document goes to, and its loss, decided from all shards."""
        return self.work / "fates" / f"{self.shard}.parquet"

    @property
    def lines(self) -> Path:
        """Lines at the edges of documents that may be boilerplate, if it is looked for."""
        return self.work / "lines" / f"{self.shard}.parquet"

    @property
    def passages(self) -> Path:
        """The passages of the documents, if repeated ones are looked for."""
        return self.work / "passages" / f"{self.shard}.parquet"

    @property
    def repeats(self) -> Path:
        """The passages to cut because an earlier document has them."""
        return self.work / "repeats" / f"{self.shard}.parquet"

    @property
    def remains(self) -> Path:
        """For each document that is cut, the hash of what is left and whether it still passes the rules."""
        return self.work / "remains" / f"{self.shard}.parquet"

    @property
    def cuts(self) -> Path:
        """The boilerplate lines to cut."""
        return self.work / "cuts" / f"{self.shard}.parquet"

    def result(self, phase: str, fingerprint: str) -> dict[str, Any] | None:
        """The recorded result of a phase; None if it must run: never done, another fingerprint, or a changed file."""
        try:
            record = json.loads(self._record(phase).read_text(encoding="utf-8"))
            if record["fingerprint"] != fingerprint:
                return None
            same = all(digest_of(self.work / name) == digest for name, digest in record["made"].items())
            result: dict[str, Any] = record["result"]
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        return result if same else None

    def finish(self, phase: str, fingerprint: str, result: dict[str, Any], *made: Path) -> None:
        """Record that a phase is done, with the hashes of those of the files in `made` that it wrote."""
        hashes = {path.relative_to(self.work).as_posix(): digest_of(path) for path in made if path.is_file()}
        write_json(self._record(phase), {"fingerprint": fingerprint, "result": result, "made": hashes})

    def _record(self, phase: str) -> Path:
        return self.work / phase / f"{self.shard}.done.json"


def is_kept(files: WorkFiles) -> npt.NDArray[np.bool_]:
    """Whether each document of a shard is kept, by its decided fates."""
    return np.asarray(pq.read_table(files.fates, columns=["part"])["part"].to_numpy() != DROPPED, np.bool_)


@contextmanager
def at_work(work: Path) -> Iterator[None]:
    """Hold the work folder's shared lock while carrying out a task, so that the next build can wait for its end."""
    with _lock(work) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield


def wait_for_workers(work: Path) -> None:
    """Wait until the workers of a killed build have ended their current tasks.

    A build can be killed without its workers. A worker about to write a shard first removes the shard's parts, which
    the next build may just have found to be done.
    """
    with _lock(work) as descriptor:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("  waiting for workers of a killed build to end their tasks")
            fcntl.flock(descriptor, fcntl.LOCK_EX)


@contextmanager
def _lock(work: Path) -> Iterator[int]:
    work.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(work / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        yield descriptor
    finally:
        os.close(descriptor)  # which also releases the lock


def fingerprint(*parts: Any) -> str:
    """The SHA-256 of JSON values, hex."""
    return hashlib.sha256(canonical_json(parts)).hexdigest()

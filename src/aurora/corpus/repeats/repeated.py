"""Repeated passages: which stretches of which documents are cut because an earlier document has them.

One decision: of equal passages the first in canonical order is kept (sources by name, shards by number, documents as
read), among documents that still pass the rules once they are cut; long enough runs of the others are cut. Hashes are
compared a range at a time, so memory holds about PARTITION of them, and one byte for each passage: a hundredth of the
text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from aurora.corpus.plan import Plan
from aurora.corpus.repeats.passages import runs_of
from aurora.corpus.work import WorkFiles, fingerprint
from aurora.files import atomic_file, sha256

PARTITION = 16_000_000  # passages in memory at a time: with their rows and numpy's copies for sorting about 1 GB
Chosen = npt.NDArray[np.bool_]


def decide_repeats(plan: Plan, kept: Mapping[str, Chosen], standing: Mapping[str, Chosen]) -> dict[str, str]:
    """Write the passages to cut from the documents that are `kept` (bool [documents] by shard): those that an earlier
    one of the `standing` documents has, or the same document before. Returns their fingerprints by shard."""
    repeated = _repeated(plan, kept, standing)
    fingerprints = {}
    for shard in plan.shards:
        files = WorkFiles(plan.work, shard.name)
        table = runs_of(repeated[shard.name], pq.read_table(files.passages), plan.corpus.curation.passage_words)
        with atomic_file(files.repeats) as stream:
            pq.write_table(table, stream, compression="zstd")
        fingerprints[shard.name] = fingerprint(sha256(files.repeats))
    return fingerprints


def _repeated(plan: Plan, kept: Mapping[str, Chosen], standing: Mapping[str, Chosen]) -> dict[str, Chosen]:
    """Whether each passage of each shard is a repeat; False in documents that are not kept."""
    sizes = {shard.name: pq.read_metadata(WorkFiles(plan.work, shard.name).passages).num_rows for shard in plan.shards}
    repeated = {name: np.zeros(size, np.bool_) for name, size in sizes.items()}
    partitions = 1 + sum(sizes.values()) // PARTITION
    for part in range(partitions):
        keys, positions, owners, rows, stands = [], [], [], [], []
        for number, shard in enumerate(plan.shards):
            files = WorkFiles(plan.work, shard.name)
            table = pq.read_table(files.passages, columns=["row", "key"])
            column = table["key"].to_numpy()
            row = table["row"].to_numpy()
            mine = np.flatnonzero((column % np.uint64(partitions) == part) & kept[shard.name][row])
            rows.append(row[mine])
            stands.append(standing[shard.name][row[mine]])
            keys.append(column[mine])
            positions.append(mine)
            owners.append(np.full(len(mine), number, np.int32))
        if not keys:
            continue
        position, owner = np.concatenate(positions), np.concatenate(owners)
        again = _have_equals_before(np.concatenate(keys), owner, np.concatenate(rows), np.concatenate(stands))
        position, owner = position[again], owner[again]
        for number, shard in enumerate(plan.shards):
            repeated[shard.name][position[owner == number]] = True
    return repeated


def _have_equals_before(keys: npt.NDArray[np.uint64], owners: Any, rows: Any, stands: Chosen) -> Chosen:
    """Whether an equal key comes before each one, in a standing document or in its own (of `owners` and `rows`)."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    same = np.concatenate([[False], ordered[1:] == ordered[:-1]])[: len(keys)]
    standing = np.cumsum(stands[order])
    before: npt.NDArray[np.int64] = standing - stands[order]
    heads = np.flatnonzero(~same)
    of_group: npt.NDArray[np.int64] = np.repeat(before[heads], np.diff(np.append(heads, len(keys))))
    owner, row = owners[order], rows[order]
    own = same & np.concatenate([[False], (owner[1:] == owner[:-1]) & (row[1:] == row[:-1])])[: len(keys)]
    again = np.zeros(len(keys), np.bool_)
    again[order] = (before > of_group) | own
    return again

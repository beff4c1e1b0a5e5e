"""Passages that stood elsewhere before: which stretches of which documents are cut out.

One decision: of equal passages in kept documents the first in canonical order stays (sources by name, shards by number,
documents as read), and stretches of repeated ones go where they are long enough. Hashes are gone through a range at a
time, about PARTITION of them in memory, and one byte for each passage: a hundredth of the text.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from aurora.corpus.fates import is_kept
from aurora.corpus.passages import runs_of
from aurora.corpus.plan import Plan
from aurora.corpus.work import WorkFiles, fingerprint
from aurora.files import atomic_file, sha256

PARTITION = 16_000_000


def decide_repeats(plan: Plan) -> dict[str, str]:
    """Write the passages to cut out of all shards, whose fates are known; returns the fingerprint of each shard's."""
    repeated = _repeated(plan)
    marks = {}
    for shard in plan.shards:
        files = WorkFiles(plan.work, shard.name)
        table = runs_of(repeated[shard.name], pq.read_table(files.passages), plan.corpus.curation.passage_words)
        with atomic_file(files.repeats) as stream:
            pq.write_table(table, stream, compression="zstd")
        marks[shard.name] = fingerprint(sha256(files.repeats))
    return marks


def _repeated(plan: Plan) -> dict[str, npt.NDArray[np.bool_]]:
    """Whether each passage of each shard stood in a kept document before; False in documents that are not kept."""
    sizes = {shard.name: pq.read_metadata(WorkFiles(plan.work, shard.name).passages).num_rows for shard in plan.shards}
    found = {name: np.zeros(size, np.bool_) for name, size in sizes.items()}
    partitions = 1 + sum(sizes.values()) // PARTITION
    for part in range(partitions):
        keys, places, owners = [], [], []
        for number, shard in enumerate(plan.shards):
            files = WorkFiles(plan.work, shard.name)
            table = pq.read_table(files.passages, columns=["row", "key"])
            column = table["key"].to_numpy()
            mine = np.flatnonzero((column % np.uint64(partitions) == part) & is_kept(files)[table["row"].to_numpy()])
            keys.append(column[mine])
            places.append(mine)
            owners.append(np.full(len(mine), number, np.int32))
        again = _not_first(np.concatenate(keys)) if keys else np.zeros(0, np.bool_)
        place, owner = (np.concatenate(parts)[again] if parts else np.zeros(0, np.int64) for parts in (places, owners))
        for number, shard in enumerate(plan.shards):
            found[shard.name][place[owner == number]] = True
    return found


def _not_first(keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
    """Whether an equal key stands before each."""
    order = np.argsort(keys, kind="stable")
    again = np.zeros(len(keys), np.bool_)
    again[order[1:]] = keys[order[1:]] == keys[order[:-1]]
    return again

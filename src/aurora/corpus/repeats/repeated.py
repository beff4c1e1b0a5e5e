"""Passages that stood elsewhere before: which stretches of which documents are cut out.

One decision: of equal passages the first in canonical order stays (sources by name, shards by number, documents as
read), of those in documents that stand themselves when they are cut; stretches of repeated ones go where they are long
enough. Hashes are gone through a range at a time, about PARTITION of them in memory, and one byte for each passage: a
hundredth of the text.
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

PARTITION = 16_000_000
Chosen = npt.NDArray[np.bool_]


def decide_repeats(plan: Plan, kept: Mapping[str, Chosen], standing: Mapping[str, Chosen]) -> dict[str, str]:
    """Write the passages to cut out of the documents that are `kept` (bool [documents] by shard), because they stood in
    one of those that are `standing`, or in the same, before; returns the fingerprint of each shard's."""
    repeated = _repeated(plan, kept, standing)
    marks = {}
    for shard in plan.shards:
        files = WorkFiles(plan.work, shard.name)
        table = runs_of(repeated[shard.name], pq.read_table(files.passages), plan.corpus.curation.passage_words)
        with atomic_file(files.repeats) as stream:
            pq.write_table(table, stream, compression="zstd")
        marks[shard.name] = fingerprint(sha256(files.repeats))
    return marks


def _repeated(plan: Plan, kept: Mapping[str, Chosen], standing: Mapping[str, Chosen]) -> dict[str, Chosen]:
    """Whether each passage of each shard stood before; False in documents that are not kept."""
    sizes = {shard.name: pq.read_metadata(WorkFiles(plan.work, shard.name).passages).num_rows for shard in plan.shards}
    found = {name: np.zeros(size, np.bool_) for name, size in sizes.items()}
    partitions = 1 + sum(sizes.values()) // PARTITION
    for part in range(partitions):
        keys, places, owners, rows, stands = [], [], [], [], []
        for number, shard in enumerate(plan.shards):
            files = WorkFiles(plan.work, shard.name)
            table = pq.read_table(files.passages, columns=["row", "key"])
            column = table["key"].to_numpy()
            row = table["row"].to_numpy()
            mine = np.flatnonzero((column % np.uint64(partitions) == part) & kept[shard.name][row])
            rows.append(row[mine])
            stands.append(standing[shard.name][row[mine]])
            keys.append(column[mine])
            places.append(mine)
            owners.append(np.full(len(mine), number, np.int32))
        if not keys:
            continue
        place, owner = np.concatenate(places), np.concatenate(owners)
        again = _stood(np.concatenate(keys), owner, np.concatenate(rows), np.concatenate(stands))
        place, owner = place[again], owner[again]
        for number, shard in enumerate(plan.shards):
            found[shard.name][place[owner == number]] = True
    return found


def _stood(keys: npt.NDArray[np.uint64], owners: Any, rows: Any, stands: Chosen) -> Chosen:
    """Whether an equal key stands before each, in a document that stands or in its own (of `owners` and `rows`)."""
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

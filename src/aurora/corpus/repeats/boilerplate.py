"""Lines that a site repeats at the head and tail of its documents: menus, banners, footers.

One decision: preparing writes a hash of each line at a document's edges, deciding counts the hashes of kept documents,
and writing cuts the lines. Hashes are counted a range at a time, so memory holds about PARTITION of them, and one
number for each site.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from aurora.corpus.plan import Plan
from aurora.corpus.repeats.cuts import CUTS
from aurora.corpus.work import WorkFiles, fingerprint, is_kept
from aurora.files import atomic_file, sha256

# A line is boilerplate if it is in at least so many documents of its site, and in more than this share of them. Fewer
# are headings that happen to recur (benchmarks/results.md, "Boilerplate lines").
FEWEST_DOCUMENTS = 10
LEAST_SHARE = 0.2
PARTITION = 8_000_000  # hashes in memory at a time: with their sites and numpy's copies for sorting about 400 MB
_Keys = npt.NDArray[np.uint64]


def decide_cuts(plan: Plan) -> dict[str, str]:
    """Write the boilerplate lines to cut of all shards, whose fates are decided; returns their fingerprints by
    shard."""
    repeated = repeated_lines(plan)
    fingerprints = {}
    for shard in plan.shards:
        files = WorkFiles(plan.work, shard.name)
        table = pq.read_table(files.lines, columns=["row", "key", "start", "end"])
        is_cut = np.isin(table["key"].to_numpy(), repeated) & is_kept(files)[table["row"].to_numpy()]
        with atomic_file(files.cuts) as stream:
            pq.write_table(table.filter(pa.array(is_cut)).select(CUTS.names), stream, compression="zstd")
        fingerprints[shard.name] = fingerprint(sha256(files.cuts))
    return fingerprints


def repeated_lines(plan: Plan) -> _Keys:
    """The keys of the lines that are boilerplate on their site, sorted."""
    documents: dict[int, int] = {}
    total = 0
    for lines in _kept(plan, ["row", "site"]):
        _, first_lines = np.unique(lines["row"].to_numpy(), return_index=True)
        sites, numbers = np.unique(lines["site"].to_numpy()[first_lines], return_counts=True)
        for site, number in zip(sites.tolist(), numbers.tolist(), strict=True):
            documents[site] = documents.get(site, 0) + number
        total += len(lines)
    partitions = 1 + total // PARTITION
    return np.sort(np.concatenate([_repeated(plan, documents, part, partitions) for part in range(partitions)]))


def _repeated(plan: Plan, documents: dict[int, int], part: int, partitions: int) -> _Keys:
    """The keys of one partition that are in enough documents of their site; `documents` counts those of each site."""
    keys, sites = [np.zeros(0, np.uint64)], [np.zeros(0, np.uint64)]
    for lines in _kept(plan, ["key", "site"]):
        column = lines["key"].to_numpy()
        mine = column % np.uint64(partitions) == part
        keys.append(column[mine])
        sites.append(lines["site"].to_numpy()[mine])
    unique, first_lines, counts = np.unique(np.concatenate(keys), return_index=True, return_counts=True)
    often = counts >= FEWEST_DOCUMENTS
    unique, counts = unique[often], counts[often]
    of_site = np.array([documents[site] for site in np.concatenate(sites)[first_lines[often]].tolist()], np.int64)
    return unique[counts > LEAST_SHARE * of_site]


def _kept(plan: Plan, columns: list[str]) -> Iterator[pa.Table]:
    """Columns of the lines of kept documents, shard by shard; each line once a document."""
    for shard in plan.shards:
        files = WorkFiles(plan.work, shard.name)
        lines = pq.read_table(files.lines, columns=list({*columns, "row", "first"}))
        yield lines.filter(pa.array(is_kept(files)[lines["row"].to_numpy()] & lines["first"].to_numpy()))

"""Duplicates: which documents equal another, exactly or nearly, and which one of each cluster is kept.

One decision: only columns are read, in canonical order, and the best of a cluster follows from a stated order
(preferred sources, then length, then reading order), so the number of workers never changes what is kept. Near
duplicates that share a band of their MinHash signatures are compared and joined by union-find, one band at a time, so
memory is about 70 bytes a document instead of 224.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from aurora.corpus.kernels.compiled import compiled, entry_point
from aurora.corpus.kernels.minhash import BANDS, MINIMA, SIGNATURE, resemblance

HASH = np.dtype([("high", ">u8"), ("low", ">u8")])
Hashes = npt.NDArray[np.void]
Rows = npt.NDArray[np.int64]
_COMPARED = 1 << 18  # pairs compared at a time: 50 MB of minima


@dataclass(frozen=True)
class Signed:
    """The signatures of all documents: one memory-mapped array SIGNATURE [documents] for each shard, in order."""

    parts: Sequence[npt.NDArray[np.void]]

    def band(self, number: int, rows: Rows) -> npt.NDArray[np.uint64]:
        """One band of some documents, uint64 [rows]; `rows` are sorted."""
        keys = np.empty(len(rows), np.uint64)
        for part, rows_of_part, positions in self._parts(rows):
            keys[positions] = part["bands"][:, number][rows_of_part]
        return keys

    def minima(self, rows: Rows) -> npt.NDArray[np.uint8]:
        """The minima of some documents, uint8 [rows, MINIMA]; `rows` are sorted."""
        minima = np.empty((len(rows), MINIMA), np.uint8)
        for part, rows_of_part, positions in self._parts(rows):
            minima[positions] = part["minima"][rows_of_part]
        return minima

    def _parts(self, rows: Rows) -> Iterator[tuple[npt.NDArray[np.void], Rows, slice]]:
        """The shards that hold some of `rows`, the rows within the shard, and their positions in `rows`."""
        bounds = np.cumsum([0, *map(len, self.parts)])
        cuts = np.searchsorted(rows, bounds).tolist()
        for part, first, left, right in zip(self.parts, bounds.tolist(), cuts, cuts[1:], strict=False):
            if left < right:
                yield part, rows[left:right] - first, slice(left, right)


def open_signatures(path: Path) -> npt.NDArray[np.void]:
    """The signatures of a shard, memory-mapped."""
    return np.memmap(path, SIGNATURE, "r") if path.stat().st_size else np.zeros(0, SIGNATURE)


def exact(hashes: Hashes, groups: npt.NDArray[np.int32], rank: Rows, rows: Rows) -> npt.NDArray[np.bool_]:
    """Whether each document equals one that is kept; bool [documents].

    `hashes` HASH, `groups` and `rank` are [documents]; only `rows` are compared. Of equal texts within a group, the one
    with the lowest rank is kept.
    """
    copies = np.zeros(len(hashes), np.bool_)
    high, low = hashes["high"][rows].astype(np.uint64), hashes["low"][rows].astype(np.uint64)
    order = np.lexsort((rank[rows], low, high, groups[rows]))
    ordered = rows[order]
    same = (high[order][1:] == high[order][:-1]) & (low[order][1:] == low[order][:-1])
    same &= groups[ordered][1:] == groups[ordered][:-1]
    copies[ordered[1:][same]] = True
    return copies


def near(signed: Signed, groups: npt.NDArray[np.int32], rank: Rows, rows: Rows, similarity: float) -> Rows:
    """For each document the one that is kept instead, or -1; int64 [documents].

    Arguments as for `exact`. Two documents of a group are in one cluster if their signatures share at least
    `similarity` of their shingles, or if each is in one cluster with a third.
    """
    parent = np.arange(len(rows))
    mine = groups[rows]
    for number in range(BANDS):
        keys = signed.band(number, rows)
        left, right = _meeting(keys, mine, np.lexsort((keys, mine)), parent)
        for first in range(0, len(left), _COMPARED):
            pairs = slice(first, first + _COMPARED)
            alike = _resemblance(signed, rows, left[pairs], right[pairs]) >= similarity
            _join(parent, left[pairs][alike], right[pairs][alike])
    roots = _roots(parent)
    worst_first = np.argsort(rank[rows], kind="stable")[::-1]
    best = np.empty(len(rows), np.int64)
    best[roots[worst_first]] = worst_first  # numpy keeps the last value written to an index: the best of the cluster
    better = np.full(len(groups), -1, np.int64)
    lost = best[roots] != np.arange(len(rows))
    better[rows[lost]] = rows[best[roots[lost]]]
    return better


def _resemblance(signed: Signed, rows: Rows, left: Rows, right: Rows) -> npt.NDArray[np.float64]:
    """The resemblance of pairs of positions in `rows`, float64 [pairs]."""
    needed, inverse = np.unique(np.concatenate([left, right]), return_inverse=True)
    minima = signed.minima(rows[needed])
    return resemblance(minima[inverse[: len(left)]], minima[inverse[len(left) :]])


@entry_point
def _meeting(keys, groups, order, parent):  # type: ignore[no-untyped-def]
    """Pairs of positions that share a key and a group and are not joined yet: each with the one before, and the first.

    All pairs of a large cluster would be too many; these two a document join the cluster too.
    """
    left = np.empty(2 * len(order), np.int64)
    right = np.empty(2 * len(order), np.int64)
    count = first = 0
    for at in range(1, len(order)):
        here, before = order[at], order[at - 1]
        if keys[here] != keys[before] or groups[here] != groups[before]:
            first = at
            continue
        if keys[here] == 0:  # a text without shingles, which resembles none
            continue
        root = _root(parent, here)
        for other in (before, order[first]):
            if _root(parent, other) != root:
                left[count], right[count] = other, here
                count += 1
            if first == at - 1:
                break
    return left[:count].copy(), right[:count].copy()


@entry_point
def _join(parent, left, right):  # type: ignore[no-untyped-def]
    for pair in range(len(left)):
        one, other = _root(parent, left[pair]), _root(parent, right[pair])
        parent[max(one, other)] = min(one, other)


@compiled
def _root(parent, node):  # type: ignore[no-untyped-def]
    while parent[node] != node:
        parent[node] = parent[parent[node]]  # halves the path, so later searches are short
        node = parent[node]
    return node


@entry_point
def _roots(parent):  # type: ignore[no-untyped-def]
    roots = np.empty(len(parent), np.int64)
    for node in range(len(parent)):
        roots[node] = _root(parent, node)
    return roots

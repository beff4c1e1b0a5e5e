"""Near duplicates among prompts, and a split into training and held-out rows that keeps them on one side.

One decision: what is alike stays together. Rows of one template family in a language, and near duplicates, form a
group; a whole group is held out or trained on, so a held-out prompt has neither the wording nor the text of a training
prompt.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence

from aurora.redteam.prompts import WHOLE
from aurora.redteam.review.exporting.rows import Row

SIMILARITY = 0.8  # share of shingles that near duplicates have in common


def clusters_of(texts: Sequence[tuple[str, str]]) -> list[int]:
    """For each (language, text) the first of the texts in its language that it is a near duplicate of, itself where it
    is like none."""
    import numpy as np
    import pyarrow as pa

    from aurora.corpus.kernels.minhash import signatures
    from aurora.corpus.repeats.duplicates import Signed, near

    if not texts:
        return []
    # Half of a character, which `lint` tells, is no text that can be signed.
    folded = [" ".join(text.casefold().split()).encode(errors="replace").decode() for _, text in texts]
    first: dict[tuple[str, str], int] = {}
    same = [
        first.setdefault((language, text), place)
        for place, ((language, _), text) in enumerate(zip(texts, folded, strict=True))
    ]
    places = sorted(set(same))
    languages = sorted({language for language, _ in texts})
    groups = np.array([languages.index(texts[place][0]) for place in places], np.int32)
    signed = Signed([signatures(pa.array([folded[place] for place in places], pa.large_string()))])
    rows = np.arange(len(places), dtype=np.int64)
    better = near(signed, groups, rows, rows, SIMILARITY)
    best = {place: places[kept] if kept >= 0 else place for place, kept in zip(places, better.tolist(), strict=True)}
    return [best[place] for place in same]


def held_out(rows: Sequence[Row], share: float, seed: int) -> frozenset[str]:
    """The ids of about a share of the rows of each language and kind, in whole groups; some of each are left."""
    members: dict[int, list[Row]] = {}
    for row, group in zip(rows, _groups(rows), strict=True):
        members.setdefault(group, []).append(row)
    sizes = Counter(_stratum(row) for row in rows)
    wanted = {stratum: share * size for stratum, size in sizes.items()}
    taken: Counter[tuple[str, str]] = Counter()
    chosen: set[str] = set()
    for together in sorted(members.values(), key=lambda group: _hash(seed, min(row.id for row in group))):
        comes = Counter(_stratum(row) for row in together)
        if any(taken[stratum] + count >= sizes[stratum] for stratum, count in comes.items()):
            continue  # nothing would be left to train on
        useful = sum(min(count, max(0.0, wanted[stratum] - taken[stratum])) for stratum, count in comes.items())
        if useful >= len(together) / 2:
            taken.update(comes)
            chosen.update(row.id for row in together)
    return frozenset(chosen)


def _groups(rows: Sequence[Row]) -> list[int]:
    """The group of each row: rows that share a cluster, or a template of a language, and those that share with them."""
    parent = list(range(len(rows)))
    first: dict[tuple[str, ...], int] = {}
    for place, row in enumerate(rows):
        for key in _ties(row):
            _join(parent, first.setdefault(key, place), place)
    return [_root(parent, place) for place in range(len(rows))]


def _ties(row: Row) -> Iterable[tuple[str, ...]]:
    yield "cluster", row.cluster or row.id
    if row.template not in ("", WHOLE):
        yield "template", row.language, row.policy, row.template


def _root(parent: list[int], node: int) -> int:
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node


def _join(parent: list[int], one: int, other: int) -> None:
    left, right = _root(parent, one), _root(parent, other)
    parent[max(left, right)] = min(left, right)


def _stratum(row: Row) -> tuple[str, str]:
    return row.language, row.kind


def _hash(seed: int, id: str) -> str:
    return hashlib.sha256(f"{seed}\0{id}".encode()).hexdigest()

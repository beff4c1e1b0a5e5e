"""Benchmark items in a corpus: which document contains the text of which item of which set.

One decision: a document contains an item if it has enough of the item's runs of 13 folded tokens, or all of a shorter
item that is distinctive enough; so case, spacing and punctuation hide none. The limits were chosen on one half of 38
public sets in five languages and code, and measured on the other half (benchmarks/results.md, "Benchmark items").
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from aurora.corpus.contamination.sets import Item, identity, read_set, set_files
from aurora.corpus.kernels.columns import buffers_of, concatenated
from aurora.corpus.kernels.overlap import HEAD, RUN, find_runs, head_hashes, make_runs, run_hashes
from aurora.recipe.corpus import Contamination

if TYPE_CHECKING:
    import pyarrow as pa

# An item of fewer than RUN tokens is distinctive if it has at least so many letters and digits (Han and kana count
# twice) in at least HEAD tokens. Shorter ones ("Paris", "all of the above") occur by chance.
SHORTEST_WIDTH = 24
# The share of a text's runs that a document must have: half, so that an edited copy is found too.
HELD_SHARE = 0.5
# A run shared by more different texts is a phrase of their set ("which of the following is true of the").
MOST_TEXTS = 10


class ContaminationIndex:
    """The items to look for. Building takes time linear in their text, looking up time linear in the documents."""

    def __init__(self, items: Iterable[Item]) -> None:
        first: dict[str, Item] = {}
        for item in items:
            for text in item.texts:
                first.setdefault(unicodedata.normalize("NFC", text), item)
        offsets, data = concatenated([text.encode("utf-8", "replace") for text in first])
        hashes, texts, tokens, widths = run_hashes(offsets, data)
        # Distinctive: long enough to be nobody else's text.
        distinctive = (tokens >= RUN) | ((tokens >= HEAD) & (widths >= SHORTEST_WIDTH))
        wanted = distinctive[texts]
        pairs = np.unique(np.stack([hashes[wanted], texts[wanted].astype(np.uint64)], axis=1), axis=0)
        pairs = pairs[_looked_for(pairs[:, 0], pairs[:, 1].astype(np.int64), len(tokens))]
        distinct, self._starts, self._counts = np.unique(pairs[:, 0], return_index=True, return_counts=True)
        self._texts = pairs[:, 1].astype(np.int64)
        self._items = list(first.values())
        num_runs = np.bincount(self._texts, minlength=len(tokens))
        self._needed = np.maximum(1, np.ceil(HELD_SHARE * num_runs)).astype(np.int64)
        short = distinctive & (tokens < RUN)
        self._runs = make_runs(distinct, head_hashes(offsets, data)[short], tokens[short])

    def find(self, texts: pa.LargeStringArray) -> list[tuple[str, str] | None]:
        """For each text, (set, item) of the contained benchmark item that shares most runs with it, or None."""
        items: list[tuple[str, str] | None] = [None] * len(texts)
        documents, runs = find_runs(*buffers_of(texts), self._runs)
        ends = np.flatnonzero(np.diff(documents, append=-1)) + 1
        start = 0
        for end in ends.tolist():
            items[int(documents[start])] = self._item_of(np.unique(runs[start:end]))
            start = end
        return items

    def _item_of(self, runs: npt.NDArray[np.int64]) -> tuple[str, str] | None:
        """(set, item) of the item that a document with these runs contains, or None."""
        texts = np.concatenate(
            [
                self._texts[start : start + count]
                for start, count in zip(self._starts[runs], self._counts[runs], strict=True)
            ]
        )
        names, counts = np.unique(texts, return_counts=True)
        held = counts >= self._needed[names]
        if not held.any():
            return None
        item = self._items[int(names[held][np.argmax(counts[held])])]
        return item.set, item.id


def _looked_for(runs: npt.NDArray[np.uint64], texts: npt.NDArray[np.int64], num_texts: int) -> npt.NDArray[np.bool_]:
    """Which pairs of run and text are looked for: the runs that few texts share, and all runs of a text that has few
    others, like a task that is repeated for many programming languages."""
    _, inverse, counts = np.unique(runs, return_inverse=True, return_counts=True)
    distinctive = counts[inverse] <= MOST_TEXTS
    share = np.bincount(texts, distinctive, num_texts) / np.maximum(1, np.bincount(texts, minlength=num_texts))
    wanted: npt.NDArray[np.bool_] = distinctive | (share < HELD_SHARE)[texts]
    return wanted


def identities(sets: Mapping[str, str], base: Path) -> dict[str, dict[str, str]]:
    """By set, the SHA-256 of its files."""
    return {name: identity(name, base / path) for name, path in sorted(sets.items())}


def load_index(wanted: Contamination, base: Path) -> ContaminationIndex:
    """The index of a recipe's sets, built once a process until their files change."""
    files = [file for name, path in sorted(wanted.sets.items()) for file in set_files(name, base / path)]
    states = tuple((str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files)
    return _load_index(tuple(sorted(wanted.sets.items())), tuple(wanted.fields), base, states)


@lru_cache(maxsize=1)
def _load_index(
    sets: tuple[tuple[str, str], ...], fields: tuple[str, ...], base: Path, states: tuple[tuple[str, int, int], ...]
) -> ContaminationIndex:
    return ContaminationIndex(item for name, path in sets for item in read_set(name, base / path, fields))

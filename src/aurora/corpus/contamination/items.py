"""Benchmark items in a corpus: which document holds the text of which item of which set.

One decision: an item counts as held where enough of its runs of 13 folded tokens stand in a document, or all of an
item that is shorter, if it says enough to be nobody else's; so case, spacing and punctuation hide none. The limits were
chosen on one half of 38 public sets in five languages and code, and measured on the other (benchmarks/results.md).
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

# An item of fewer than RUN tokens says enough from so many letters and digits on (Han and kana count twice), in at
# least HEAD tokens.
SHORTEST_WIDTH = 24
# The share of a text's runs that makes it held.
HELD_SHARE = 0.5
# A run that more different texts hold is a phrase of their set ("which of the following is true of the").
MOST_TEXTS = 10


class ContaminationIndex:
    """Items to look for; building takes time linear in their text, and looking up in the documents'."""

    def __init__(self, items: Iterable[Item]) -> None:
        first: dict[str, Item] = {}
        for item in items:
            for text in item.texts:
                first.setdefault(unicodedata.normalize("NFC", text), item)
        offsets, data = concatenated([text.encode("utf-8", "replace") for text in first])
        hashes, texts, tokens, widths = run_hashes(offsets, data)
        looked_for = _telling(tokens, widths)
        wanted = looked_for[texts]
        pairs = np.unique(np.stack([hashes[wanted], texts[wanted].astype(np.uint64)], axis=1), axis=0)
        pairs = pairs[_kept(pairs[:, 0], pairs[:, 1].astype(np.int64), len(tokens))]
        distinct, self._starts, self._counts = np.unique(pairs[:, 0], return_index=True, return_counts=True)
        self._texts = pairs[:, 1].astype(np.int64)
        self._items = list(first.values())
        num_runs = np.bincount(self._texts, minlength=len(tokens))
        self._needed = np.maximum(1, np.ceil(HELD_SHARE * num_runs)).astype(np.int64)
        short = looked_for & (tokens < RUN)
        self._runs = make_runs(distinct, head_hashes(offsets, data)[short], tokens[short])

    def find(self, texts: pa.LargeStringArray) -> list[tuple[str, str] | None]:
        """For each text, (set, item) of the benchmark item that most runs of it stand in, or None."""
        found: list[tuple[str, str] | None] = [None] * len(texts)
        documents, runs = find_runs(*buffers_of(texts), self._runs)
        ends = np.flatnonzero(np.diff(documents, append=-1)) + 1
        start = 0
        for end in ends.tolist():
            found[int(documents[start])] = self._held(np.unique(runs[start:end]))
            start = end
        return found

    @staticmethod
    def looks_for(text: str) -> bool:
        """Whether a text says enough to be looked for."""
        _, _, tokens, widths = run_hashes(*concatenated([text.encode("utf-8", "replace")]))
        return bool(_telling(tokens, widths)[0])

    def _held(self, runs: npt.NDArray[np.int64]) -> tuple[str, str] | None:
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


def _kept(runs: npt.NDArray[np.uint64], texts: npt.NDArray[np.int64], num_texts: int) -> npt.NDArray[np.bool_]:
    """Which pairs of run and text are looked for: those of runs that few texts hold, and all of a text that has hardly
    any other, as the same task told in many languages."""
    _, places, counts = np.unique(runs, return_inverse=True, return_counts=True)
    telling = counts[places] <= MOST_TEXTS
    share = np.bincount(texts, telling, num_texts) / np.maximum(1, np.bincount(texts, minlength=num_texts))
    kept: npt.NDArray[np.bool_] = telling | (share < HELD_SHARE)[texts]
    return kept


def _telling(tokens: npt.NDArray[np.int32], widths: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
    """Which texts are nobody else's, by their tokens and letters."""
    return (tokens >= RUN) | ((tokens >= HEAD) & (widths >= SHORTEST_WIDTH))


def identities(sets: Mapping[str, str], base: Path) -> dict[str, dict[str, str]]:
    """What the sets hold: the SHA-256 of their files."""
    return {name: identity(name, base / path) for name, path in sorted(sets.items())}


def load_index(wanted: Contamination, base: Path) -> ContaminationIndex:
    """The index of a recipe's sets; built once in a process, as long as their files stay."""
    files = [file for name, path in sorted(wanted.sets.items()) for file in set_files(name, base / path)]
    states = tuple((str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files)
    return _load_index(tuple(sorted(wanted.sets.items())), tuple(wanted.fields), base, states)


@lru_cache(maxsize=1)
def _load_index(
    sets: tuple[tuple[str, str], ...], fields: tuple[str, ...], base: Path, states: tuple[tuple[str, int, int], ...]
) -> ContaminationIndex:
    return ContaminationIndex(item for name, path in sets for item in read_set(name, base / path, fields))

"""A token bigram: the baseline beside every figure of a small network.

One decision: interpolated Kneser-Ney (Kneser and Ney 1995, in the interpolated form of Chen and Goodman 1999), because
a badly smoothed bigram would flatter the network. It is trained in one pass over the same token stores.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aurora.evaluation.bits_per_byte import Windows


@dataclass(frozen=True)
class Bigram:
    """Counts of token pairs, sorted by pair code (first x vocabulary + second)."""

    vocabulary: int
    pairs: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    discount: float
    first_totals: npt.NDArray[np.int64]
    first_followers: npt.NDArray[np.int64]
    continuation: npt.NDArray[np.float64]

    def probabilities(self, first: npt.NDArray[np.int64], second: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """P(second | first), elementwise."""
        codes = first * self.vocabulary + second
        nearest = np.minimum(np.searchsorted(self.pairs, codes), len(self.pairs) - 1)
        pair_counts = np.where(self.pairs[nearest] == codes, self.counts[nearest], 0)
        totals = self.first_totals[first]
        known = totals > 0
        divisor = np.maximum(totals, 1)
        discounted = np.maximum(pair_counts - self.discount, 0) / divisor
        # The mass discounted from a context goes to the continuation distribution; an unknown context gets all of it.
        backoff = np.where(known, self.discount * self.first_followers[first] / divisor, 1.0)
        return discounted + backoff * self.continuation[second]

    def bits_per_byte(self, windows: Windows) -> float:
        """The bigram's bits per byte on the same windows as the network's."""
        if not windows.num_bytes:
            return math.nan
        return float(self.bits_of_windows(windows).sum() / windows.num_bytes)

    def bits_of_windows(self, windows: Windows) -> npt.NDArray[np.float64]:
        """The bits that the bigram needs for the targets of each window that count."""
        rows, places = np.nonzero(windows.mask)
        first, second = windows.tokens[rows, places], windows.tokens[rows, places + 1]
        bits = -np.log2(self.probabilities(first, second))
        return np.bincount(rows, weights=bits, minlength=len(windows.tokens)).astype(np.float64)


def train_bigram(streams: Iterable[npt.NDArray[np.integer]], vocabulary: int) -> Bigram:
    """Count the pairs of every token stream (each a whole store) over a vocabulary of this size."""
    pairs, counts = np.zeros(0, np.int64), np.zeros(0, np.int64)
    for stream in streams:
        ids = np.asarray(stream, dtype=np.int64)
        new_pairs, new_counts = np.unique(ids[:-1] * vocabulary + ids[1:], return_counts=True)
        merged, inverse = np.unique(np.concatenate([pairs, new_pairs]), return_inverse=True)
        totals = np.zeros(len(merged), np.int64)
        np.add.at(totals, inverse, np.concatenate([counts, new_counts]))
        pairs, counts = merged, totals
    if not len(pairs):
        raise ValueError("a bigram needs at least one stream of two tokens")
    once, twice = int((counts == 1).sum()), int((counts == 2).sum())
    # Ney's estimate n1 / (n1 + 2 n2). It needs pairs of both counts; a tiny or a huge stream may lack them, and 0.5 is
    # the middle of the range from 0 to 1.
    discount = once / (once + 2 * twice) if once and twice else 0.5
    first, second = pairs // vocabulary, pairs % vocabulary
    continuation = np.bincount(second, minlength=vocabulary) / len(pairs)
    # One virtual pair spread over the vocabulary keeps every token possible.
    smooth = (continuation * len(pairs) + 1 / vocabulary) / (len(pairs) + 1)
    return Bigram(
        vocabulary,
        pairs,
        counts,
        discount,
        np.bincount(first, weights=counts, minlength=vocabulary).astype(np.int64),
        np.bincount(first, minlength=vocabulary),
        smooth,
    )

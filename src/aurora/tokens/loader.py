"""The batch of any step, for any rank.

One decision: a batch is computed from its step number alone, so there is no worker state to save, and the same global
batch comes out for every number of ranks; rank r of R takes the r-th of R equal runs of its sequences.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from aurora.tokens.mixture import Mixture, Window
from aurora.tokens.store import TokenStore


@dataclass(frozen=True)
class Batch:
    """Sequences of one step: `tokens` [B, L + 1] int64, `loss_mask` [B, L] bool, and where each row lies."""

    tokens: npt.NDArray[np.int64]
    loss_mask: npt.NDArray[np.bool_]
    windows: list[Window]


class Loader:
    """Reads a mixture's sequences out of its stores."""

    def __init__(self, stores: Mapping[str, TokenStore], mixture: Mixture, sequences_per_step: int) -> None:
        self.stores = stores
        self.mixture = mixture
        self.sequences_per_step = sequences_per_step

    def batch(self, step: int, rank: int = 0, ranks: int = 1) -> Batch:
        """The sequences of optimizer step `step` (from 0) that belong to `rank` of `ranks`."""
        if self.sequences_per_step % ranks:
            raise ValueError(f"{self.sequences_per_step} sequences cannot be shared by {ranks} ranks")
        share = self.sequences_per_step // ranks
        first = step * self.sequences_per_step + rank * share
        windows = [self.mixture.sequence(n) for n in range(first, first + share)]
        length = self.mixture.sequence_length
        tokens = np.empty((share, length + 1), np.int64)
        mask = np.ones((share, length), np.bool_)
        for row, window in enumerate(windows):
            store = self.stores[window.source]
            tokens[row] = _slice(store.tokens, window.start, length + 1)
            if store.mask is not None:
                mask[row] = _slice(store.mask, window.start + 1, length)
        return Batch(tokens, mask, windows)


def _slice(array: npt.NDArray[Any], start: int, length: int) -> npt.NDArray[Any]:
    return array[start : start + length]

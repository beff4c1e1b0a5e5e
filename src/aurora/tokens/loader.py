"""The batch of any step, for any rank.

One decision: a batch is computed from its step number alone, so there is no worker state to save, and the same global
batch comes out for every number of ranks; rank r of R takes the r-th of R equal runs of its sequences.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
    """Reads a mixture's sequences of `sequence_length` tokens out of its stores."""

    def __init__(
        self, stores: Mapping[str, TokenStore], mixture: Mixture, sequence_length: int, sequences_per_step: int
    ) -> None:
        self.stores = stores
        self.mixture = mixture
        self.sequence_length = sequence_length
        self.sequences_per_step = sequences_per_step

    def batch(self, step: int, rank: int = 0, ranks: int = 1) -> Batch:
        """The sequences of optimizer step `step` (from 0) that belong to `rank` of `ranks`."""
        if self.sequences_per_step % ranks:
            raise ValueError(f"{self.sequences_per_step} sequences cannot be shared by {ranks} ranks")
        share = self.sequences_per_step // ranks
        first = step * self.sequences_per_step + rank * share
        windows = [self.mixture.sequence(n) for n in range(first, first + share)]
        tokens = np.empty((share, self.sequence_length + 1), np.int64)
        mask = np.zeros((share, self.sequence_length), np.bool_)
        for row, window in enumerate(windows):
            store = self.stores[window.source]
            if store.mask is None:
                start = window.index * self.sequence_length
                tokens[row] = store.tokens[start : start + self.sequence_length + 1]
                mask[row] = True
            else:
                self._fill_pair(store, window.index, tokens[row], mask[row])
        return Batch(tokens, mask, windows)

    def _fill_pair(
        self, store: TokenStore, index: int, tokens: npt.NDArray[np.int64], mask: npt.NDArray[np.bool_]
    ) -> None:
        """One pair after an end-of-text, as generation begins; what is longer than the sequence is cut."""
        start, size = store.document(index)
        tokens[:] = store.tokens[start + size - 1]  # a document ends with the end-of-text of its tokenizer
        size = min(size, self.sequence_length)
        tokens[1 : size + 1] = store.tokens[start : start + size]
        assert store.mask is not None
        mask[:size] = store.mask[start : start + size]


def num_sequences(store: TokenStore, sequence_length: int) -> int:
    """How many sequences a store holds: windows of joined documents, or one for each prompt/response pair.

    Pairs are never joined: a model that sees other pairs before a prompt learns to go on as they did.
    """
    return (store.num_tokens - 1) // sequence_length if store.mask is None else store.num_documents

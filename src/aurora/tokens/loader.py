"""The batch of any step, for any rank.

One decision: a batch is computed from its step number alone, so there is no worker state to save, and the same global
batch comes out for every number of ranks and threads; rank r of R takes the r-th of R equal runs of its sequences.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from aurora.recipe.pace import Pace
from aurora.tokens.mixture import Mixture, Window
from aurora.tokens.packing import Packing, Row, rows_of
from aurora.tokens.store import TokenStore


@dataclass(frozen=True)
class Batch:
    """Sequences of one step: `tokens` [B, L + 1] int64, `loss_mask` [B, L] bool, and where each row lies.

    `documents` [B, L] int32 numbers the documents of a row, for attention and positions (`packing.positions`) that
    start again at their borders; None unless the loader was asked for them.
    """

    tokens: npt.NDArray[np.int64]
    loss_mask: npt.NDArray[np.bool_]
    windows: list[Window]
    documents: npt.NDArray[np.int32] | None = None


class Loader:
    """Reads a mixture's sequences of `sequence_length` tokens out of its stores; safe to use from several threads."""

    def __init__(
        self,
        stores: Mapping[str, TokenStore],
        mixture: Mixture,
        sequence_length: int,
        pace: Pace,
        *,
        packing: Packing = "own",
        documents: bool = False,
    ) -> None:
        self.stores = stores
        self.mixture = mixture
        self.sequence_length = sequence_length
        self.pace = pace
        self.rows = {name: rows_of(stores[name], sequence_length, packing) for name in mixture.sources}
        self._documents = documents

    def batch(self, step: int, rank: int = 0, ranks: int = 1) -> Batch:
        """The sequences of optimizer step `step` (from 0) that belong to `rank` of `ranks`."""
        sequences = self.pace.sequences(step)
        if sequences % ranks:
            raise ValueError(f"{sequences} sequences cannot be shared by {ranks} ranks")
        share = sequences // ranks
        first = self.pace.before(step) + rank * share
        windows = [self.mixture.sequence(n) for n in range(first, first + share)]
        tokens = np.empty((share, self.sequence_length + 1), np.int64)
        mask = np.empty((share, self.sequence_length), np.bool_)
        documents = np.empty((share, self.sequence_length), np.int32) if self._documents else None
        for place, window in enumerate(windows):
            row = Row(tokens[place], mask[place], None if documents is None else documents[place])
            self.rows[window.source].fill(window.index, row)
        return Batch(tokens, mask, windows, documents)

    def contents(self, step: int) -> list[dict[str, Any]]:
        """The sequences of optimizer step `step` (from 0) over all ranks: number in the stage, source, and which of the
        source's sequences and documents (from 0) each is."""
        numbers = range(self.pace.before(step), self.pace.before(step + 1))
        windows = {n: self.mixture.sequence(n) for n in numbers}
        return [
            {
                "sequence": n,
                "source": window.source,
                "index": window.index,
                "documents": self.rows[window.source].documents(window.index),
            }
            for n, window in windows.items()
        ]

    def batches(
        self, first: int, last: int, rank: int = 0, ranks: int = 1, *, threads: int = 1, ahead: int = 2
    ) -> Iterator[Batch]:
        """The batches of steps first..last-1 in order, up to `ahead` of them read in `threads` before they are due."""
        with ThreadPoolExecutor(threads, "loader") as pool:
            waiting: deque[Future[Batch]] = deque()
            for step in range(first, last):
                waiting.append(pool.submit(self.batch, step, rank, ranks))
                if len(waiting) > ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()


def num_sequences(store: TokenStore, sequence_length: int, packing: Packing = "own") -> int:
    """How many sequences a store holds: windows of joined documents, or rows of prompt/response pairs."""
    return rows_of(store, sequence_length, packing).count

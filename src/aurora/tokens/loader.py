"""The batch of any step, for any rank.

One decision: a batch is computed from its step number alone, so there is no worker state to save, and the global batch
is the same for every number of ranks and threads; rank r of R takes the r-th of R equal parts of its sequences.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from aurora.recipe.stages.pace import Pace
from aurora.tokens.mixture import Mixture, Window
from aurora.tokens.packing import Row, Rows


@dataclass(frozen=True)
class Batch:
    """Sequences of one step: `inputs` and `targets` [B, L] int64, `loss_mask` [B, L] bool for targets that count, and
    which sequence of which source each row is (`windows`).

    `documents` [B, L] int32 numbers the documents of a row, for attention and positions (`packing.positions`) that
    restart at their borders; None unless the loader was asked for them. `slots` [B, L] and `margins` [B, P] are those
    of preference pairs (`packing.Row`), at most P in a row; None unless the stage learns from some.
    """

    inputs: npt.NDArray[np.int64]
    targets: npt.NDArray[np.int64]
    loss_mask: npt.NDArray[np.bool_]
    windows: list[Window]
    documents: npt.NDArray[np.int32] | None = None
    slots: npt.NDArray[np.int64] | None = None
    margins: npt.NDArray[np.float64] | None = None


@dataclass(frozen=True)
class Read:
    """What a number of sequences read of one source: `tokens` of its documents, without padding, of which `loss_tokens`
    count in the loss; `epochs` is the number of passes over it."""

    sequences: int
    tokens: int
    loss_tokens: int
    epochs: float


class Loader:
    """Reads a mixture's sequences of `sequence_length` tokens from its sources' rows; safe to use from several threads.

    With `separate`, batches number the documents of each row; with `most_pairs`, they tell the preference pairs of
    each row, at most so many.
    """

    def __init__(
        self,
        rows: Mapping[str, Rows],
        mixture: Mixture,
        sequence_length: int,
        pace: Pace,
        *,
        separate: bool = False,
        most_pairs: int = 0,
    ) -> None:
        self.rows = rows
        self.mixture = mixture
        self.sequence_length = sequence_length
        self.pace = pace
        self._separate = separate
        self._most_pairs = most_pairs

    def batch(self, step: int, rank: int = 0, ranks: int = 1) -> Batch:
        """The sequences of optimizer step `step` (from 0) that belong to `rank` of `ranks`."""
        sequences = self.pace.sequences(step)
        if sequences % ranks:
            raise ValueError(f"{sequences} sequences cannot be divided among {ranks} ranks")
        share = sequences // ranks
        first = self.pace.before(step) + rank * share
        windows = [self.mixture.sequence(n) for n in range(first, first + share)]
        shape = (share, self.sequence_length)
        inputs, targets, mask = np.empty(shape, np.int64), np.empty(shape, np.int64), np.empty(shape, np.bool_)
        documents = np.empty(shape, np.int32) if self._separate else None
        slots = np.zeros(shape, np.int64) if self._most_pairs else None
        margins = np.zeros((share, self._most_pairs), np.float64) if self._most_pairs else None
        for number, window in enumerate(windows):
            of_row = (None if part is None else part[number] for part in (documents, slots, margins))
            self.rows[window.source].fill(window.index, Row(inputs[number], targets[number], mask[number], *of_row))
        return Batch(inputs, targets, mask, windows, documents, slots, margins)

    def read(self, sequences: int) -> dict[str, Read]:
        """By source, what the first `sequences` sequences of the stage read."""
        read = {}
        for source, count in self.mixture.counts(sequences).items():
            rows = self.rows[source]
            epochs, begun = self.mixture.passes(source, count)
            whole, part = rows.held(), rows.held(begun)
            read[source] = Read(
                sequences=count,
                tokens=epochs * whole.tokens + part.tokens,
                loss_tokens=epochs * whole.loss_tokens + part.loss_tokens,
                epochs=count / rows.count,
            )
        return read

    def contents(self, step: int) -> list[dict[str, Any]]:
        """The sequences of optimizer step `step` (from 0) of all ranks: number in the stage, source, index within the
        source, and the source's documents (from 0) in each."""
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
        pool = ThreadPoolExecutor(threads, "loader")
        try:
            waiting: deque[Future[Batch]] = deque()
            for step in range(first, last):
                waiting.append(pool.submit(self.batch, step, rank, ranks))
                if len(waiting) > ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            # Without waiting for its threads: a generator that a stop leaves behind is ended by the garbage collector,
            # wherever that runs. In a thread that is just being started, waiting for another is waiting for good.
            pool.shutdown(wait=False, cancel_futures=True)

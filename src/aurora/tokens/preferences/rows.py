"""How preference pairs fill rows: both answers of a pair in one.

One decision: a row holds whole pairs, each answer with the prompt before it as a document of its own. So no
micro-batch, rank or restart can part what is compared, and pairs are mixed, shuffled and counted like any other rows.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from aurora.tokens.packing import Held, Indices, Packing, Row, best_fit, num_counted
from aurora.tokens.store import TokenStore

# Log-probabilities of the chosen and the rejected answer of each pair of a store, by the stage's start.
References = npt.NDArray[np.float64]


class Preferences:
    """The pairs of a store, one to a row or by `best-fit` as many as it has room for.

    A pair that is longer than a row is in none, and counted in `left_out`: cut, its answers would be compared by their
    beginnings. `references` [pairs, 2] are those of all pairs of the store; without them margins are not numbers.
    """

    cut = 0

    def __init__(
        self,
        store: TokenStore,
        length: int,
        end: int,
        packing: Packing = "own",
        references: References | None = None,
    ) -> None:
        assert store.mask is not None
        self.store, self.length, self.end = store, length, end
        self._mask = store.mask
        targets = store.document_sizes.astype(np.int64) - 1
        sizes, counted = (
            part.reshape(-1, 2).sum(1)
            for part in (targets, num_counted(store.mask, store.document_starts + 1, targets))
        )
        # Those of an earlier version of the store are of other pairs.
        self._references = references if references is not None and len(references) == len(sizes) else None
        kept = np.flatnonzero(sizes <= length)
        self.left_out = len(sizes) - len(kept)
        plan = [[pair] for pair in range(len(kept))] if packing == "own" else best_fit(sizes[kept], length)
        self.count = len(plan)
        self.most = max(map(len, plan), default=0)
        self._plan = [kept[pairs].tolist() for pairs in plan]
        self._tokens, self._loss_tokens = (
            np.array([part[pairs].sum() for pairs in self._plan], np.int64) for part in (sizes, counted)
        )

    def fill(self, index: int, row: Row) -> None:
        """Write row `index`; padding counts in no loss and is a document of its own."""
        row.inputs[:] = row.targets[:] = self.end
        row.loss_mask[:] = False
        if row.documents is not None:
            row.documents[:] = 2 * len(self._plan[index])
        start = 0
        for place, number in enumerate(self.documents(index)):
            begin, size = self.store.document(number)
            within = slice(start, start + size - 1)
            row.inputs[within] = self.store.tokens[begin : begin + size - 1]
            row.targets[within] = self.store.tokens[begin + 1 : begin + size]
            row.loss_mask[within] = self._mask[begin + 1 : begin + size]
            if row.documents is not None:
                row.documents[within] = place
            if row.slots is not None:
                row.slots[within] = row.loss_mask[within] * (place + 1)
            start += size - 1
        if row.margins is not None:
            for place, pair in enumerate(self._plan[index]):
                row.margins[place] = self._margin(pair)

    def documents(self, index: int) -> list[int]:
        """The row's conversations in their order: of each of its pairs the chosen and the rejected one."""
        return [2 * pair + side for pair in self._plan[index] for side in (0, 1)]

    def held(self, indices: Indices | None = None) -> Held:
        """The pairs of the rows, and both of their answers."""
        chosen = slice(None) if indices is None else indices
        return Held(int(self._tokens[chosen].sum()), int(self._loss_tokens[chosen].sum()))

    def _margin(self, pair: int) -> float:
        """By how much the stage's start finds the chosen answer likelier than the rejected one."""
        if self._references is None:
            return float("nan")
        chosen, rejected = self._references[pair]
        return float(chosen - rejected)

"""How a store's documents fill rows, sequences of a fixed length.

One decision: a row follows from its number, and a document reads the same in every row as when it is measured or
generated: its first token is predicted from the start token, its end from everything before. Documents are joined and
cut wherever a row ends; conversations (pairs among them) that fit are never cut, and no answer is: each has a row of
its own, or several share one by best fit, a plan that follows from their sizes alone.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from aurora.recipe.names import REDTEAM
from aurora.tokens.infilling import Infiller
from aurora.tokens.store import TokenStore

Packing = Literal["own", "best-fit"]
Indices = npt.NDArray[np.int64]

MASK_BLOCK = 1 << 16  # pairs whose masks are summed at once, so that a mask is never in memory whole


@dataclass(frozen=True)
class Row:
    """Views of a batch that one sequence is written into, each [L].

    Each of `targets` is predicted from the `inputs` up to its position; `loss_mask` says which of them count;
    `documents` numbers from 0 the document of each, or is None if not needed. So are `slots`, which say of each target
    whether it is of text (0), or of the chosen (2p + 1) or rejected (2p + 2) answer of the row's preference pair p, and
    `margins` [P], what the stage's start says of each pair.
    """

    inputs: npt.NDArray[np.int64]
    targets: npt.NDArray[np.int64]
    loss_mask: npt.NDArray[np.bool_]
    documents: npt.NDArray[np.int32] | None
    slots: npt.NDArray[np.int64] | None = None
    margins: npt.NDArray[np.float64] | None = None


def new_row(length: int) -> Row:
    """An empty row of `length` targets."""
    inputs, targets = np.zeros(length, np.int64), np.zeros(length, np.int64)
    return Row(inputs, targets, np.zeros(length, np.bool_), np.zeros(length, np.int32))


class Held(NamedTuple):
    """What rows hold: `tokens` of documents, without padding, of which `loss_tokens` count in the loss."""

    tokens: int
    loss_tokens: int


class Rows(Protocol):
    """A store cut into rows."""

    store: TokenStore
    count: int

    def fill(self, index: int, row: Row) -> None:
        """Write row `index` (from 0)."""
        ...

    def documents(self, index: int) -> list[int]:
        """Numbers of the store's documents that row `index` predicts tokens of."""
        ...

    def held(self, indices: Indices | None = None) -> Held:
        """What the rows at `indices` hold, or all."""
        ...


class Joined:
    """Windows of L tokens over all documents, one after another, each token predicted from the one before it.

    A document reads as it is measured: its first token is predicted from `start`. Where that is also its `end`,
    the one before stands for it; a stream begins after its first token, but where documents are `separate` the first
    is like all others. Where it is another token, every document of the store begins with it, and nothing predicts it.
    """

    def __init__(
        self,
        store: TokenStore,
        length: int,
        start: int,
        end: int,
        separate: bool = False,
        infiller: Infiller | None = None,
    ) -> None:
        self.store, self.length, self.start = store, length, start
        self._infiller = infiller
        self._stored = start != end
        self._first = 0 if separate and not self._stored else 1
        self.count = max(0, store.num_tokens - self._first) // length

    def fill(self, index: int, row: Row) -> None:
        """Write row `index`; every target counts but a start token."""
        begin = self._begin(index)
        window = np.empty(self.length + 1, np.int64)
        window[0] = self.store.tokens[begin - 1] if begin else self.start
        window[1:] = self.store.tokens[begin : begin + self.length]
        if self._infiller is not None:
            self._infill(self._infiller, index, window)
        row.inputs[:], row.targets[:] = window[:-1], window[1:]
        row.loss_mask[:] = True
        if self._stored:
            first, last = self.store.documents_before(np.array([begin, begin + self.length])).tolist()
            row.loss_mask[[self.store.document(number)[0] - begin for number in range(first, last)]] = False
        if row.documents is not None:
            starts = [self.store.document(number)[0] - begin for number in self.documents(index)[1:]]
            begins = np.array(starts, np.int64) + self._stored
            row.documents[:] = np.searchsorted(begins, np.arange(self.length), side="right")

    def documents(self, index: int) -> list[int]:
        """Documents with a token among the row's targets; with one after their start token, where they have it."""
        begin = self._begin(index) - self._stored
        first, last = self.store.document_at(begin), self.store.document_at(begin + self.length - 1)
        return list(range(first, last + 1))

    def held(self, indices: Indices | None = None) -> Held:
        """All of every row, but start tokens count in no loss."""
        if indices is None:
            borders = self._first + np.array([[0, self.count * self.length]])
        else:
            borders = self._first + indices[:, None] * self.length + np.array([0, self.length])
        tokens = int(np.diff(borders).sum())
        starts = int(np.diff(self.store.documents_before(borders)).sum()) if self._stored else 0
        return Held(tokens, tokens - starts)

    def _begin(self, index: int) -> int:
        """Where the row's targets begin in the store."""
        return self._first + index * self.length

    def _infill(self, infiller: Infiller, index: int, window: npt.NDArray[np.int64]) -> None:
        """Cut the pieces of documents in a row's tokens, without the starts and ends of the documents.

        A piece's number is the row's and the document's together: the next piece is in the next row, of the next
        document, or both.
        """
        origin = self._begin(index) - 1
        last = self.store.document_at(origin + self.length)
        for number in range(self.store.document_at(max(origin, 0)), last + 1):
            begin, size = self.store.document(number)
            piece = slice(max(begin + self._stored - origin, 0), max(begin + size - 1 - origin, 0))
            window[piece] = infiller.infilled(window[piece], index + number)


class Pairs:
    """Prompts with their answers, in one turn or several; each token is predicted from those of its own conversation
    before it, as an answer is generated.

    One to a row, or by `best-fit` as many as it has room for, which is to be read with document masks: without them a
    model sees the pairs before and learns to go on as they did. The plan takes a second for a million pairs. What is
    longer than a row is `cut` after its last answer that ends within one; where none does it is in no row, and counted
    in `left_out`: an answer without its end would teach that answers have none. Only a red-team pair is cut where the
    row ends, as the beginning of its answer says whether it declines.
    """

    def __init__(self, store: TokenStore, length: int, end: int, packing: Packing = "own") -> None:
        assert store.mask is not None
        self.store, self.length, self.end = store, length, end
        self._mask = store.mask
        targets = self._targets = _fitting(store, store.mask, length, length if store.side.source == REDTEAM else 0)
        counted = num_counted(store.mask, store.document_starts + 1, targets)
        kept = np.flatnonzero(counted)
        self.left_out = store.num_documents - len(kept)
        self.cut = int((targets[kept] < store.document_sizes[kept] - 1).sum())
        plan = [[pair] for pair in range(len(kept))] if packing == "own" else best_fit(targets[kept], length)
        self.count = len(plan)
        self._borders = np.cumsum([0, *map(len, plan)])
        self._pairs = kept[np.concatenate([np.zeros(0, np.int64), *plan]).astype(np.int64)]
        self._tokens, self._loss_tokens = (
            np.add.reduceat(part[self._pairs], self._borders[:-1]) for part in (targets, counted)
        )

    def fill(self, index: int, row: Row) -> None:
        """Write row `index`; padding counts in no loss, is read by nothing and is a document of its own."""
        pairs = self.documents(index)
        row.inputs[:] = row.targets[:] = self.end
        row.loss_mask[:] = False
        if row.documents is not None:
            row.documents[:] = len(pairs)
        start = 0
        for number, pair in enumerate(pairs):
            begin, _ = self.store.document(pair)
            count = int(self._targets[pair])
            within = slice(start, start + count)
            row.inputs[within] = self.store.tokens[begin : begin + count]
            row.targets[within] = self.store.tokens[begin + 1 : begin + 1 + count]
            row.loss_mask[within] = self._mask[begin + 1 : begin + 1 + count]
            if row.documents is not None:
                row.documents[within] = number
            start += count

    def documents(self, index: int) -> list[int]:
        """The row's pairs in their order."""
        pairs: list[int] = self._pairs[self._borders[index] : self._borders[index + 1]].tolist()
        return pairs

    def held(self, indices: Indices | None = None) -> Held:
        """The pairs of the rows, and their responses."""
        chosen = slice(None) if indices is None else indices
        return Held(int(self._tokens[chosen].sum()), int(self._loss_tokens[chosen].sum()))


def rows_of(
    store: TokenStore,
    length: int,
    start: int,
    end: int,
    *,
    packing: Packing = "own",
    separate: bool = False,
    infiller: Infiller | None = None,
) -> Rows:
    """A store cut into rows: joined documents, whose pieces `infiller` cuts, or pairs by `packing`. `start` and `end`
    are those of the tokenizer's texts.

    `separate` says that documents do not see each other, or have positions of their own: masks are then asked for.
    """
    if store.mask is None:
        return Joined(store, length, start, end, separate, infiller)
    return Pairs(store, length, end, packing)


def best_fit(sizes: npt.NDArray[np.int64], capacity: int) -> list[list[int]]:
    """Items by row: the largest first, each into the fullest row with room for it. Ties follow the items' order.

    Raises `ValueError` for an item larger than a row.
    """
    if len(sizes) and int(sizes.max()) > capacity:
        raise ValueError(f"an item of {sizes.max()} does not fit a row of {capacity}")
    rows: list[list[int]] = []
    by_room: dict[int, list[int]] = {}
    rooms: list[int] = []  # the rooms that some row has, sorted
    for item in np.argsort(-sizes, kind="stable").tolist():
        size = int(sizes[item])
        index = bisect_left(rooms, size)
        if index < len(rooms):
            room = rooms[index]
            row = by_room[room].pop()
            if not by_room[room]:
                del by_room[room], rooms[index]
        else:
            room, row = capacity, len(rows)
            rows.append([])
        rows[row].append(item)
        left = room - size
        if left not in by_room:
            by_room[left] = []
            insort(rooms, left)
        by_room[left].append(row)
    return rows


def positions(documents: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.int64]:
    """Positions [B, L] that restart at 0 in each document of a batch's `documents` [B, L]."""
    columns = np.broadcast_to(np.arange(documents.shape[1]), documents.shape)
    begins = np.zeros(documents.shape, np.int64)
    begins[:, 1:] = np.where(documents[:, 1:] != documents[:, :-1], columns[:, 1:], 0)
    return columns - np.maximum.accumulate(begins, axis=1)


def _fitting(store: TokenStore, mask: npt.NDArray[np.uint8], length: int, else_: int) -> Indices:
    """How many targets of each pair stand in a row: all, or those up to the last answer that ends within the row, or
    `else_` where none does."""
    targets = store.document_sizes.astype(np.int64) - 1
    for pair in np.flatnonzero(targets > length).tolist():
        first = store.document(pair)[0] + 1
        counts = mask[first : first + length + 1]
        ends = np.flatnonzero((counts[:-1] == 1) & (counts[1:] == 0))
        targets[pair] = ends[-1] + 1 if len(ends) else else_
    return targets


def num_counted(mask: npt.NDArray[np.uint8], starts: Indices, sizes: Indices) -> Indices:
    """How many of the `sizes` tokens from each of `starts` on count in the loss; the mask is read a block at a time."""
    counted = np.zeros(len(sizes), np.int64)
    for first in range(0, len(sizes), MASK_BLOCK):
        block = slice(first, first + MASK_BLOCK)
        begins = starts[block] - starts[first]
        ends = begins + sizes[block]
        # The zero after the block, as the last pair may end there.
        within = np.append(mask[starts[first] : starts[first] + ends[-1]], np.uint8(0))
        borders = np.stack([begins, ends], axis=1).ravel()
        counted[block] = np.add.reduceat(within, borders, dtype=np.int64)[::2]
    counted[sizes == 0] = 0  # for which reduceat gives the next token
    return counted

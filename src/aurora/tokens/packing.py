"""How a store's documents fill sequences of a fixed length.

One decision: a row is a formula of its number, as a sequence of a stage is. Documents are joined by their end-of-text
and cut wherever a row ends; prompt/response pairs are never cut while they fit: each has a row of its own, or several
share one by best fit, a plan that follows from their sizes alone.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from aurora.tokens.store import TokenStore

Packing = Literal["own", "best-fit"]


@dataclass(frozen=True)
class Row:
    """Views of a batch that one sequence is written into.

    `tokens` [L + 1]; `loss_mask` [L], of the targets `tokens[1:]`; `documents` [L]: which document of the row each
    input token is in, counted from 0, or None where nobody asks.
    """

    tokens: npt.NDArray[np.int64]
    loss_mask: npt.NDArray[np.bool_]
    documents: npt.NDArray[np.int32] | None


def new_row(length: int) -> Row:
    """An empty row of `length` targets."""
    return Row(np.zeros(length + 1, np.int64), np.zeros(length, np.bool_), np.zeros(length, np.int32))


class Rows(Protocol):
    """A store cut into rows."""

    count: int

    def fill(self, index: int, row: Row) -> None:
        """Write row `index` (from 0)."""
        ...

    def documents(self, index: int) -> list[int]:
        """Numbers of the store's documents that row `index` reads its inputs from."""
        ...


class Joined:
    """Windows of L + 1 tokens over all documents, one after another; the last token of a window begins the next."""

    def __init__(self, store: TokenStore, length: int) -> None:
        self.store, self.length = store, length
        self.count = max(0, store.num_tokens - 1) // length

    def fill(self, index: int, row: Row) -> None:
        """Write row `index`; every target counts."""
        start = index * self.length
        row.tokens[:] = self.store.tokens[start : start + self.length + 1]
        row.loss_mask[:] = True
        if row.documents is not None:
            borders = [self.store.document(number)[0] - start for number in self.documents(index)[1:]]
            row.documents[:] = np.searchsorted(np.array(borders, np.int64), np.arange(self.length), side="right")

    def documents(self, index: int) -> list[int]:
        """Documents with a token among the row's inputs."""
        start = index * self.length
        first = self.store.document_at(start)
        return list(range(first, self.store.document_at(start + self.length - 1) + 1))


class Own:
    """One prompt/response pair a row, as generation begins; a longer one is cut at the end."""

    def __init__(self, store: TokenStore, length: int) -> None:
        self.store, self.length = store, length
        self.count = store.num_documents

    def fill(self, index: int, row: Row) -> None:
        """Write row `index`, filled up with what counts in no loss."""
        _write_pairs(self.store, [index], row)

    def documents(self, index: int) -> list[int]:
        """The pair's own number."""
        return [index]


class BestFit:
    """As many whole pairs a row as best-fit decreasing finds room for.

    The plan takes a second for a million pairs. Read it with document masks (`Loader(documents=True)`): without them a
    model sees the pairs before and learns to go on as they did.
    """

    def __init__(self, store: TokenStore, length: int) -> None:
        self.store = store
        sizes = np.minimum(store.document_sizes, length + 1).astype(np.int64)
        self._plan = best_fit(sizes, length + 1)
        self.count = len(self._plan)

    def fill(self, index: int, row: Row) -> None:
        """Write row `index`, filled up with what counts in no loss."""
        _write_pairs(self.store, self._plan[index], row)

    def documents(self, index: int) -> list[int]:
        """The row's pairs in their order."""
        return self._plan[index]


def rows_of(store: TokenStore, length: int, packing: Packing = "own") -> Rows:
    """A store cut into rows: joined documents, or pairs by `packing`."""
    if store.mask is None:
        return Joined(store, length)
    return Own(store, length) if packing == "own" else BestFit(store, length)


def best_fit(sizes: npt.NDArray[np.int64], capacity: int) -> list[list[int]]:
    """Items by row: the largest first, each into the fullest row with room. Ties follow the items' order.

    Raises `ValueError` for an item larger than a row.
    """
    if len(sizes) and int(sizes.max()) > capacity:
        raise ValueError(f"an item of {sizes.max()} does not fit a row of {capacity}")
    rows: list[list[int]] = []
    by_room: dict[int, list[int]] = {}
    rooms: list[int] = []  # the rooms that some row has, sorted
    for item in np.argsort(-sizes, kind="stable").tolist():
        size = int(sizes[item])
        place = bisect_left(rooms, size)
        if place < len(rooms):
            room = rooms[place]
            row = by_room[room].pop()
            if not by_room[room]:
                del by_room[room], rooms[place]
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
    """Positions [B, L] that start again at 0 in each document of a batch's `documents` [B, L]."""
    places = np.broadcast_to(np.arange(documents.shape[1]), documents.shape)
    begins = np.zeros(documents.shape, np.int64)
    begins[:, 1:] = np.where(documents[:, 1:] != documents[:, :-1], places[:, 1:], 0)
    return places - np.maximum.accumulate(begins, axis=1)


def _write_pairs(store: TokenStore, pairs: list[int], row: Row) -> None:
    """Whole pairs, as an answer is asked for; what is left of the row is a document of its own."""
    assert store.mask is not None
    start, size = store.document(pairs[0])
    row.tokens[:] = store.tokens[start + size - 1]  # what fills up counts in no loss and is read by nothing
    row.loss_mask[:] = False
    if row.documents is not None:
        row.documents[:] = len(pairs)
    place = 0
    for number, pair in enumerate(pairs):
        start, size = store.document(pair)
        size = min(size, len(row.tokens) - place)
        row.tokens[place : place + size] = store.tokens[start : start + size]
        row.loss_mask[place : place + size - 1] = store.mask[start + 1 : start + size]
        if row.documents is not None:
            row.documents[place : place + size] = number
        place += size

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aurora.tokens.packing import BestFit, Joined, Own, Row, best_fit, new_row, positions, rows_of
from aurora.tokens.store import StoreWriter, TokenStore

END = 0
Sizes = st.lists(st.integers(1, 9), max_size=30)


def store_of(folder: Path, sizes: list[int], masked: bool) -> TokenStore:
    """Documents of `sizes` tokens, each with its end-of-text; no two tokens but the ends are equal."""
    first = 1
    with StoreWriter(folder / "web.en", 49152, masked) as writer:
        for size in sizes:
            ids = [*range(first, first + size - 1), END]
            writer.add(ids, [0, *[1] * (size - 1)] if masked else None)
            first += size
        writer.close("web", "en", "abc")
    return TokenStore.open(folder / "web.en")


def filled(rows: Joined | Own | BestFit, index: int, length: int) -> Row:
    row = new_row(length)
    rows.fill(index, row)
    return row


@given(Sizes.filter(bool), st.integers(1, 12))
@settings(deadline=None, max_examples=60)
def test_joined_documents_are_read_once_and_know_their_borders(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], length: int
) -> None:
    store = store_of(tmp_path_factory.mktemp("store"), sizes, masked=False)
    rows = rows_of(store, length)
    assert isinstance(rows, Joined)
    assert rows.count == max(0, sum(sizes) - 1) // length
    owner = np.repeat(np.arange(len(sizes)), sizes)
    for index in range(rows.count):
        row = filled(rows, index, length)
        span = slice(index * length, index * length + length)
        assert row.tokens[:-1].tolist() == store.tokens[span].tolist()
        assert row.tokens[-1] == store.tokens[span.stop]
        assert row.loss_mask.all()
        assert row.documents is not None
        assert row.documents.tolist() == (owner[span] - owner[span.start]).tolist()
        assert rows.documents(index) == sorted(set(owner[span].tolist()))


@given(Sizes, st.integers(9, 30))
@settings(deadline=None, max_examples=80)
def test_best_fit_holds_every_item_once_and_wastes_little(sizes: list[int], capacity: int) -> None:
    rows = best_fit(np.array(sizes, np.int64), capacity)
    assert sorted(item for row in rows for item in row) == list(range(len(sizes)))
    rooms = [capacity - sum(sizes[item] for item in row) for row in rows]
    assert min(rooms, default=0) >= 0
    # A row is begun only for an item that no other row has room for, so any two hold more than one could.
    assert all(one + other < capacity for one, other in combinations(rooms, 2))
    assert rows == best_fit(np.array(sizes, np.int64), capacity)


def test_best_fit_takes_the_fullest_row_with_room() -> None:
    assert best_fit(np.array([6, 5, 3, 4, 2]), 10) == [[0, 3], [1, 2, 4]]


def test_an_item_larger_than_a_row_is_refused() -> None:
    with pytest.raises(ValueError, match="an item of 5 does not fit a row of 4"):
        best_fit(np.array([5]), 4)


@pytest.mark.parametrize("packing", ["own", "best-fit"])
@given(sizes=st.lists(st.integers(2, 10), min_size=1, max_size=30), length=st.integers(3, 24))
@settings(deadline=None, max_examples=60)
def test_no_pair_is_cut_while_it_fits_and_each_is_read_as_when_generating(
    tmp_path_factory: pytest.TempPathFactory, packing: str, sizes: list[int], length: int
) -> None:
    store = store_of(tmp_path_factory.mktemp("store"), sizes, masked=True)
    rows = Own(store, length) if packing == "own" else BestFit(store, length)
    seen: list[int] = []
    for index in range(rows.count):
        row = filled(rows, index, length)
        assert row.documents is not None
        counted = 0
        for number, pair in enumerate(rows.documents(index)):
            start, size = store.document(pair)
            size = min(size, length + 1)
            inside = np.flatnonzero(row.documents == number)
            before, after = inside[0], inside[0] + size
            assert row.tokens[before:after].tolist() == store.tokens[start : start + size].tolist()
            assert store.mask is not None
            targets = slice(before, after - 1)  # a target stands one place before its token
            assert row.loss_mask[targets].tolist() == (store.mask[start + 1 : start + size] == 1).tolist()
            counted += int(row.loss_mask[targets].sum())
            seen.append(pair)
        assert counted == row.loss_mask.sum()  # what fills the row up counts nowhere
    assert sorted(seen) == list(range(len(sizes)))


def test_the_rows_choose_their_packing_by_the_store(tmp_path: Path) -> None:
    plain, pairs = store_of(tmp_path / "a", [3, 4], masked=False), store_of(tmp_path / "b", [3, 4], masked=True)
    assert isinstance(rows_of(plain, 4, "best-fit"), Joined)
    assert isinstance(rows_of(pairs, 9, "own"), Own)
    assert isinstance(rows_of(pairs, 9, "best-fit"), BestFit)
    assert (rows_of(pairs, 9, "own").count, rows_of(pairs, 9, "best-fit").count) == (2, 1)


def test_positions_start_again_in_every_document() -> None:
    documents = np.array([[0, 0, 0, 1, 1, 2], [0, 1, 2, 2, 2, 2]])
    assert positions(documents).tolist() == [[0, 1, 2, 0, 1, 0], [0, 0, 0, 1, 2, 3]]

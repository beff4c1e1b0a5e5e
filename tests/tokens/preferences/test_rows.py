from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aurora.tokens.packing import Row, new_row
from aurora.tokens.preferences.rows import Preferences
from aurora.tokens.store import StoreWriter, TokenStore, store_stem

SIZES = [
    (6, 5),
    (12, 12),
    (4, 3),
    (5, 5),
]  # of the chosen and the rejected conversations; an answer is all but 2 tokens
LENGTH = 16
END = 0
REFERENCES = np.array([[-1.0, -3.0], [np.nan, np.nan], [-5.0, -4.0], [-2.0, -2.5]])


@pytest.fixture
def store(tmp_path: Path) -> TokenStore:
    with StoreWriter(store_stem(tmp_path, "prefs/en"), 100, masked=True) as writer:
        for number, size in enumerate(size for pair in SIZES for size in pair):
            mask = np.arange(size) >= 2
            writer.add(np.arange(size) + 10 * number + 1, mask)
        writer.close("prefs", "en", "hash", preferences=True)
    return TokenStore.open(store_stem(tmp_path, "prefs/en"))


def filled(rows: Preferences, index: int) -> Row:
    row = new_row(rows.length)
    row = Row(
        row.inputs, row.targets, row.loss_mask, row.documents, np.zeros(rows.length, np.int64), np.zeros(rows.most)
    )
    rows.fill(index, row)
    return row


def test_a_row_has_both_answers_of_its_pair(store: TokenStore) -> None:
    rows = Preferences(store, LENGTH, END, references=REFERENCES)
    assert (rows.count, rows.most, rows.left_out, rows.cut) == (3, 1, 1, 0)
    row = filled(rows, 0)
    assert row.inputs.tolist() == [1, 2, 3, 4, 5, 11, 12, 13, 14, *[END] * 7]
    assert row.targets.tolist() == [2, 3, 4, 5, 6, 12, 13, 14, 15, *[END] * 7]
    assert row.documents is not None
    assert row.slots is not None
    assert row.margins is not None
    assert row.documents.tolist() == [0] * 5 + [1] * 4 + [2] * 7
    assert row.slots.tolist() == [0, 1, 1, 1, 1, 0, 2, 2, 2, *[0] * 7]
    assert ((row.slots > 0) == row.loss_mask).all()
    assert row.margins.tolist() == [2.0]
    assert rows.documents(1) == [4, 5]  # the pair between is longer than a row


def test_several_pairs_share_a_row_where_they_fit(store: TokenStore) -> None:
    rows = Preferences(store, LENGTH, END, "best-fit", REFERENCES)
    assert (rows.count, rows.most) == (2, 2)
    together = next(index for index in range(2) if len(rows.documents(index)) == 4)
    row = filled(rows, together)
    pairs = rows.documents(together)[::2]
    assert row.slots is not None
    assert row.margins is not None
    assert sorted(set(row.slots.tolist())) == [0, 1, 2, 3, 4]
    assert row.margins.tolist() == [REFERENCES[pair // 2, 0] - REFERENCES[pair // 2, 1] for pair in pairs]


def test_what_rows_hold_is_counted(store: TokenStore) -> None:
    rows = Preferences(store, LENGTH, END)
    assert rows.held() == (9 + 5 + 8, 9 + 5 + 8 - 3 * 2)  # of each conversation the second token is predicted in vain
    assert rows.held(np.array([1])) == (5, 3)


def test_without_references_margins_are_no_numbers(store: TokenStore) -> None:
    for references in (None, REFERENCES[:2]):  # those of another version of the store are none of these
        row = filled(Preferences(store, LENGTH, END, references=references), 0)
        assert row.margins is not None
        assert np.isnan(row.margins).all()

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aurora.evaluation.bits_per_byte import windows_of
from aurora.tokens.packing import Joined, Packing, Pairs, Row, Rows, best_fit, new_row, positions, rows_of
from aurora.tokens.store import StoreWriter, TokenStore
from aurora.tokens.text.text_facts import TextFacts
from tokens.conftest import TEXTS

END, START = 0, 40_000
Sizes = st.lists(st.integers(1, 9), max_size=30)


def store_of(folder: Path, sizes: list[int], masked: bool, start: int = END) -> TokenStore:
    """Documents of `sizes` tokens, each with its end-of-text and, where that is another token, its start; no two others
    are equal. Of a pair, all but its first two tokens count."""
    first = 1
    with StoreWriter(folder / "web.en", 49152, masked) as writer:
        for size in sizes:
            ids = [*range(first, first + size - 1), END]
            if start != END or masked:
                ids = [start, *ids]
            writer.add(ids, [0, 0, *[1] * (len(ids) - 2)] if masked else None)
            first += size
        writer.close("web", "en", "abc")
    return TokenStore.open(folder / "web.en")


def filled(rows: Rows, index: int, length: int) -> Row:
    row = new_row(length)
    rows.fill(index, row)
    return row


def pieces(row: Row) -> list[tuple[list[int], list[int]]]:
    """(inputs, targets) of each document in a row."""
    assert row.documents is not None
    parts = [row.documents == number for number in range(int(row.documents.max()) + 1)]
    return [(row.inputs[inside].tolist(), row.targets[inside].tolist()) for inside in parts]


@given(Sizes.filter(bool), st.integers(1, 12), st.sampled_from([END, START]))
@settings(deadline=None, max_examples=60)
def test_a_stream_is_read_once_and_start_tokens_count_in_no_loss(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], length: int, start: int
) -> None:
    store = store_of(tmp_path_factory.mktemp("store"), sizes, masked=False, start=start)
    rows = rows_of(store, length, start, END)
    assert rows.count == (store.num_tokens - 1) // length
    counted = 0
    for index in range(rows.count):
        row = filled(rows, index, length)
        span = slice(index * length, index * length + length)
        assert row.inputs.tolist() == store.tokens[span].tolist()
        assert row.targets.tolist() == store.tokens[span.start + 1 : span.stop + 1].tolist()
        assert row.loss_mask.tolist() == [start == END or target != start for target in row.targets.tolist()]
        assert rows.held(np.array([index])) == (length, row.loss_mask.sum())
        counted += int(row.loss_mask.sum())
    assert rows.held() == (rows.count * length, counted)
    assert rows.held(np.arange(rows.count)) == rows.held()


@given(Sizes.filter(bool), st.integers(1, 12), st.sampled_from([END, START]))
@settings(deadline=None, max_examples=60)
def test_a_separate_document_reads_as_when_it_is_measured(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], length: int, start: int
) -> None:
    """Put together again, its pieces are the start token and the document, each token predicted from its own alone."""
    store = store_of(tmp_path_factory.mktemp("store"), sizes, masked=False, start=start)
    rows = rows_of(store, length, start, END, separate=True)
    documents: dict[int, tuple[list[int], list[int]]] = {}
    for index in range(rows.count):
        row = filled(rows, index, length)
        numbers = rows.documents(index)
        assert row.documents is not None
        assert row.documents.max() + 1 == len(numbers)
        for number, inputs, target, counts in zip(
            np.array(numbers)[row.documents], row.inputs.tolist(), row.targets.tolist(), row.loss_mask, strict=True
        ):
            if counts:
                document = documents.setdefault(number, ([], []))
                document[0].append(inputs)
                document[1].append(target)
            else:
                assert (target, start) == (START, START)
    for number, (inputs, targets) in documents.items():
        begin, size = store.document(number)
        text = store.tokens[begin : begin + size].tolist()
        assert targets == text[start != END :][: len(targets)]
        assert inputs == [start, *text[start != END :]][: len(inputs)]
    read = sum(len(targets) for _, targets in documents.values())
    assert sum(sizes) - read < length + (start != END)


def test_a_document_behind_masks_is_scored_as_by_the_measurement(facts: TextFacts, tmp_path: Path) -> None:
    """The windows of bits per byte and a row behind masks ask for the same tokens after the same tokens."""
    texts = [TEXTS[0], TEXTS[1], TEXTS[5]]
    with StoreWriter(tmp_path / "web.en", 400) as writer:
        for text in texts:
            writer.add(facts.document(facts.encode(text)))
        writer.close("web", "en", "abc")
    store = TokenStore.open(tmp_path / "web.en")
    rows = rows_of(store, store.num_tokens, END, END, separate=True)
    measured = windows_of(texts, facts, store.num_tokens)
    for (inputs, targets), tokens, mask in zip(
        pieces(filled(rows, 0, store.num_tokens)), measured.tokens, measured.mask, strict=True
    ):
        count = int(mask.sum())
        assert inputs[:count] == tokens[:count].tolist()
        assert targets == [*tokens[1 : count + 1].tolist(), END]


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
@given(sizes=Sizes.filter(bool), length=st.integers(3, 24), start=st.sampled_from([END, START]))
@settings(deadline=None, max_examples=60)
def test_each_pair_that_fits_is_read_as_when_generating_and_no_other(
    tmp_path_factory: pytest.TempPathFactory, packing: Packing, sizes: list[int], length: int, start: int
) -> None:
    store = store_of(tmp_path_factory.mktemp("store"), sizes, masked=True, start=start)
    assert store.mask is not None
    rows = Pairs(store, length, END, packing)
    seen: list[int] = []
    held = np.zeros(2, np.int64)
    for index in range(rows.count):
        row = filled(rows, index, length)
        assert row.documents is not None
        pairs, tokens = rows.documents(index), 0
        for number, pair in enumerate(pairs):
            begin, size = store.document(pair)
            count = size - 1
            inside = row.documents == number
            assert row.inputs[inside].tolist() == store.tokens[begin : begin + count].tolist()
            assert row.targets[inside].tolist() == store.tokens[begin + 1 : begin + 1 + count].tolist()
            assert row.loss_mask[inside].tolist() == (store.mask[begin + 1 : begin + 1 + count] == 1).tolist()
            tokens += count
        assert not row.loss_mask[row.documents == len(pairs)].any()  # what fills the row up counts nowhere
        assert row.loss_mask.any()
        assert rows.held(np.array([index])) == (tokens, row.loss_mask.sum())
        held += rows.held(np.array([index]))
        seen += pairs
    assert rows.held() == tuple(held)
    learnt = [pair for pair, size in enumerate(sizes) if 1 < size <= length]
    assert sorted(seen) == learnt
    assert (rows.left_out, rows.cut) == (len(sizes) - len(learnt), 0)


def test_red_team_pairs_are_cut_and_those_whose_prompt_fills_the_row_are_in_none(tmp_path: Path) -> None:
    """Prompts of 5 tokens and more leave nothing of a response in the 4 targets behind their first token."""
    with StoreWriter(tmp_path / "redteam.pairs", 49152, masked=True) as writer:
        for prompt, response in ((3, 2), (5, 3), (9, 1), (4, 5), (6, 5), (1, 0)):
            writer.add(range(1, prompt + response + 1), [0] * prompt + [1] * response)
        writer.close("redteam", "pairs", "abc")
    store = TokenStore.open(tmp_path / "redteam.pairs")
    assert store.side.loss_tokens == 16
    for packing in ("own", "best-fit"):
        rows = Pairs(store, 4, END, packing)
        assert [rows.documents(index) for index in range(rows.count)] == [[0], [3]]
        assert (rows.left_out, rows.cut) == (4, 1)
        assert rows.held() == (8, 3)
    none = Pairs(store, 2, END)
    assert (none.count, none.left_out, none.held()) == (0, 6, (0, 0))


def test_a_conversation_is_cut_after_the_last_answer_that_fits(tmp_path: Path) -> None:
    """Three answers of two tokens, each after a prompt of two."""
    with StoreWriter(tmp_path / "chats.en", 49152, masked=True) as writer:
        writer.add([*range(1, 13)], [0, 0, 1, 1] * 3)
        writer.add([*range(21, 29)], [0, 0, 0, 0, 0, 0, 1, 1])
        writer.close("chats", "en", "abc")
    store = TokenStore.open(tmp_path / "chats.en")
    for length, targets, loss_tokens in (
        (11, 11, 6),
        (10, 7, 4),
        (8, 7, 4),
        (7, 7, 4),
        (6, 3, 2),
        (3, 3, 2),
    ):
        rows = Pairs(store, length, END)
        assert rows.held(np.array([0])) == (targets, loss_tokens)
        row = filled(rows, 0, length)
        assert row.targets.tolist() == [*range(2, 2 + targets), *[END] * (length - targets)]
        assert row.loss_mask.sum() == loss_tokens
        assert (rows.left_out, rows.cut) == (length < 7, length < 11)
    assert Pairs(store, 2, END).left_out == 2


def test_masks_are_summed_by_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_of(tmp_path, [4, 1, 9, 2, 7, 3, 3], masked=True)
    whole = Pairs(store, 6, END, "best-fit")
    for block in (1, 2, 3):
        monkeypatch.setattr("aurora.tokens.packing.MASK_BLOCK", block)
        rows = Pairs(store, 6, END, "best-fit")
        assert [rows.held(np.array([i])) for i in range(rows.count)] == [
            whole.held(np.array([i])) for i in range(whole.count)
        ]


def test_the_rows_choose_their_packing_by_the_store(tmp_path: Path) -> None:
    plain, pairs = store_of(tmp_path / "a", [3, 4], masked=False), store_of(tmp_path / "b", [3, 4], masked=True)
    assert isinstance(rows_of(plain, 4, END, END, packing="best-fit"), Joined)
    assert (rows_of(pairs, 9, END, END).count, rows_of(pairs, 9, END, END, packing="best-fit").count) == (2, 1)


def test_positions_start_again_in_every_document() -> None:
    documents = np.array([[0, 0, 0, 1, 1, 2], [0, 1, 2, 2, 2, 2]])
    assert positions(documents).tolist() == [[0, 1, 2, 0, 1, 0], [0, 0, 0, 1, 2, 3]]

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aurora.recipe.pace import Pace
from aurora.tokens.loader import Loader, num_sequences
from aurora.tokens.mixture import Mixture
from aurora.tokens.store import StoreWriter, TokenStore

LENGTH = 8
WEIGHTS = {"web/en": 2, "web/fi": 1, "redteam/pairs": 1}


@pytest.fixture
def stores(tmp_path: Path) -> dict[str, TokenStore]:
    """Token = its position (plus an offset for each store), so that a row tells where it was read."""
    made = {}
    for number, name in enumerate(WEIGHTS):
        stem = tmp_path / name.replace("/", ".")
        masked = name.startswith("redteam")
        with StoreWriter(stem, 49152, masked) as writer:
            for first in range(0, 130, 13):
                ids = np.arange(first, first + 13) + 1000 * number
                writer.add(ids, ids % 3 == 0 if masked else None)
            writer.close(*name.split("/"), "abc")
        made[name] = TokenStore.open(stem)
    return made


@pytest.fixture
def loader(stores: dict[str, TokenStore]) -> Loader:
    sequences = {name: num_sequences(store, LENGTH) for name, store in stores.items()}
    return Loader(stores, Mixture(WEIGHTS, sequences, 3, "cap"), LENGTH, Pace([], 16))


def test_a_batch_holds_the_mixtures_sequences_in_order(loader: Loader) -> None:
    batch = loader.batch(2)
    assert (batch.tokens.shape, batch.tokens.dtype) == ((16, LENGTH + 1), np.int64)
    assert (batch.loss_mask.shape, batch.loss_mask.dtype) == ((16, LENGTH), np.bool_)
    assert batch.windows == [loader.mixture.sequence(n) for n in range(32, 48)]
    assert {window.source for window in batch.windows} == set(WEIGHTS)
    for row, window in zip(batch.tokens, batch.windows, strict=True):
        if window.source == "redteam/pairs":
            continue
        first = window.index * LENGTH + 1000 * list(WEIGHTS).index(window.source)
        assert row.tolist() == list(range(first, first + LENGTH + 1))


def test_the_contents_of_a_step_are_those_of_its_batch(loader: Loader) -> None:
    contents = loader.contents(2)
    assert [it["sequence"] for it in contents] == list(range(32, 48))
    for it, window in zip(contents, loader.batch(2).windows, strict=True):
        assert (it["source"], it["index"]) == (window.source, window.index)
        begin, pair = window.index * LENGTH, window.source == "redteam/pairs"
        within = range(begin, begin + LENGTH)  # documents of 13 tokens
        assert it["documents"] == ([window.index] if pair else sorted({token // 13 for token in within}))


def test_a_pair_is_a_sequence_of_its_own(tmp_path: Path) -> None:
    """It stands after an end-of-text, as in generation; a short one is filled up, a long one is cut."""
    with StoreWriter(tmp_path / "redteam.pairs", 49152, masked=True) as writer:
        writer.add([0, 5, 6, 7, 0], [0, 0, 0, 1, 1])
        writer.add([0, 11, 12, 13, 14, 15, 16, 17, 18, 19, 0], [0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1])
        writer.close("redteam", "pairs", "abc")
    store = TokenStore.open(tmp_path / "redteam.pairs")
    assert num_sequences(store, 6) == 2
    mixture = Mixture({"redteam/pairs": 1}, {"redteam/pairs": 2}, 1, "s")
    loader = Loader({"redteam/pairs": store}, mixture, 6, Pace([], 2))
    batch = loader.batch(0)
    rows = {window.index: row for row, window in enumerate(batch.windows)}
    assert batch.tokens[rows[0]].tolist() == [0, 5, 6, 7, 0, 0, 0]
    assert batch.loss_mask[rows[0]].tolist() == [False, False, True, True, False, False]
    assert batch.tokens[rows[1]].tolist() == [0, 11, 12, 13, 14, 15, 16]
    assert batch.loss_mask[rows[1]].tolist() == [False, False, False, True, True, True]


@pytest.mark.parametrize("ranks", range(1, 17))
def test_the_ranks_share_the_one_batch_in_order(stores: dict[str, TokenStore], ranks: int) -> None:
    sequences = {name: num_sequences(store, LENGTH) for name, store in stores.items()}
    loader = Loader(stores, Mixture(WEIGHTS, sequences, 3, "cap"), LENGTH, Pace([], 48 * ranks))
    for step in (0, 5, 1000):
        whole = loader.batch(step)
        shares = [loader.batch(step, rank, ranks) for rank in range(ranks)]
        assert np.array_equal(np.concatenate([share.tokens for share in shares]), whole.tokens)
        assert np.array_equal(np.concatenate([share.loss_mask for share in shares]), whole.loss_mask)
        assert [window for share in shares for window in share.windows] == whole.windows


def test_ranks_that_do_not_divide_a_step_are_refused(loader: Loader) -> None:
    with pytest.raises(ValueError, match="16 sequences cannot be shared by 3 ranks"):
        loader.batch(0, 0, 3)


def test_the_mask_of_a_position_is_that_of_its_target(loader: Loader) -> None:
    batch = loader.batch(0)
    targets = batch.tokens[:, 1:]
    paired = np.array([window.source == "redteam/pairs" for window in batch.windows])
    assert paired.any()
    assert batch.loss_mask[~paired].all()
    assert np.array_equal(batch.loss_mask[paired], targets[paired] % 3 == 0)


def test_windows_overlap_by_one_token_and_leave_no_target_out(loader: Loader) -> None:
    """A pass predicts every token once, but the first and those of a last piece that fills no sequence."""
    passed = [loader.mixture.sequence(n) for n in range(200)]
    starts = {window.index * LENGTH for window in passed if window.source == "web/en" and window.epoch == 0}
    targets = [start + 1 + place for start in sorted(starts) for place in range(LENGTH)]
    assert targets == list(range(1, (130 - 1) // LENGTH * LENGTH + 1))
    assert max(targets) < loader.stores["web/en"].num_tokens


def test_a_batch_is_the_same_in_any_order_of_asking(loader: Loader, stores: dict[str, TokenStore]) -> None:
    backwards = {step: loader.batch(step) for step in reversed(range(8))}
    other = Loader(dict(reversed(stores.items())), loader.mixture, LENGTH, Pace([], 16))
    for step, batch in backwards.items():
        assert np.array_equal(other.batch(step).tokens, batch.tokens)


def test_a_batch_is_a_copy(loader: Loader) -> None:
    loader.batch(0).tokens[:] = 0
    assert loader.batch(0).tokens.any()


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("ahead", [0, 1, 5])
def test_reading_ahead_changes_nothing(loader: Loader, threads: int, ahead: int) -> None:
    read = list(loader.batches(3, 9, 1, 2, threads=threads, ahead=ahead))
    assert len(read) == 6
    for step, batch in enumerate(read, start=3):
        expected = loader.batch(step, 1, 2)
        assert np.array_equal(batch.tokens, expected.tokens)
        assert np.array_equal(batch.loss_mask, expected.loss_mask)
        assert batch.windows == expected.windows


def test_leaving_early_leaves_no_thread(loader: Loader) -> None:
    before = threading.active_count()
    batches = loader.batches(0, 1000, threads=2)
    next(batches)
    batches.close()
    assert threading.active_count() == before


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), min_size=1, max_size=5))
@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_ranks_and_threads_may_change_at_any_step(loader: Loader, parts: list[tuple[int, int]]) -> None:
    """A stage that goes on with another number of ranks, workers or rows at a time reads the same sequences."""
    read, step = [], 0
    for count, exponent in parts:
        ranks = 2**exponent
        shares = [list(loader.batches(step, step + count, rank, ranks, threads=ranks)) for rank in range(ranks)]
        for at_step in zip(*shares, strict=True):
            read += [window for share in at_step for window in share.windows]
        step += count
    assert read == [loader.mixture.sequence(n) for n in range(step * 16)]


def test_documents_are_numbered_where_they_are_asked_for(stores: dict[str, TokenStore], loader: Loader) -> None:
    """Documents of the plain stores are 13 tokens long, so a row of 8 has one border or none."""
    asked = Loader(stores, loader.mixture, LENGTH, Pace([], 16), documents=True)
    batch = asked.batch(1)
    assert loader.batch(1).documents is None
    assert batch.documents is not None
    assert np.array_equal(batch.tokens, loader.batch(1).tokens)
    for row, documents, window in zip(batch.tokens, batch.documents, batch.windows, strict=True):
        if window.source != "redteam/pairs":
            offset = 1000 * list(WEIGHTS).index(window.source)
            owners = (row[:-1] - offset) // 13
            assert documents.tolist() == (owners - owners[0]).tolist()

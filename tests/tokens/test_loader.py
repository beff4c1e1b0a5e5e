from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

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
    return Loader(stores, Mixture(WEIGHTS, sequences, 3, "cap"), LENGTH, 16)


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


def test_a_pair_is_a_sequence_of_its_own(tmp_path: Path) -> None:
    """It stands after an end-of-text, as in generation; a short one is filled up, a long one is cut."""
    with StoreWriter(tmp_path / "redteam.pairs", 49152, masked=True) as writer:
        writer.add([5, 6, 7, 0], [0, 0, 1, 1])
        writer.add([11, 12, 13, 14, 15, 16, 17, 18, 19, 0], [0, 0, 0, 1, 1, 1, 1, 1, 1, 1])
        writer.close("redteam", "pairs", "abc")
    store = TokenStore.open(tmp_path / "redteam.pairs")
    assert num_sequences(store, 6) == 2
    loader = Loader({"redteam/pairs": store}, Mixture({"redteam/pairs": 1}, {"redteam/pairs": 2}, 1, "s"), 6, 2)
    batch = loader.batch(0)
    rows = {window.index: row for row, window in enumerate(batch.windows)}
    assert batch.tokens[rows[0]].tolist() == [0, 5, 6, 7, 0, 0, 0]
    assert batch.loss_mask[rows[0]].tolist() == [False, False, True, True, False, False]
    assert batch.tokens[rows[1]].tolist() == [0, 11, 12, 13, 14, 15, 16]
    assert batch.loss_mask[rows[1]].tolist() == [False, False, False, True, True, True]


@pytest.mark.parametrize("ranks", [1, 2, 4, 8, 16])
def test_the_ranks_share_the_one_batch_in_order(loader: Loader, ranks: int) -> None:
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
    other = Loader(dict(reversed(stores.items())), loader.mixture, LENGTH, 16)
    for step, batch in backwards.items():
        assert np.array_equal(other.batch(step).tokens, batch.tokens)


def test_a_batch_is_a_copy(loader: Loader) -> None:
    loader.batch(0).tokens[:] = 0
    assert loader.batch(0).tokens.any()

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aurora.recipe.stages.pace import Pace
from aurora.tokens.loader import Batch, Loader, Read
from aurora.tokens.mixture import Mixture
from aurora.tokens.packing import rows_of
from aurora.tokens.store import StoreWriter, TokenStore

LENGTH = 8
END = 0
PROMPT = 6  # tokens of a pair of 13 before its response
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
                writer.add(ids, np.arange(13) >= PROMPT if masked else None)
            writer.close(*name.split("/"), "abc")
        made[name] = TokenStore.open(stem)
    return made


def loader_of(stores: dict[str, TokenStore], pace: Pace, separate: bool = False) -> Loader:
    rows = {name: rows_of(store, LENGTH, END, END, separate=separate) for name, store in stores.items()}
    counts = {name: part.count for name, part in rows.items()}
    loss_tokens = {name: part.held().loss_tokens for name, part in rows.items()}
    return Loader(rows, Mixture(WEIGHTS, counts, loss_tokens, 3, "cap"), LENGTH, pace, separate=separate)


@pytest.fixture
def loader(stores: dict[str, TokenStore]) -> Loader:
    return loader_of(stores, Pace([], 16))


def test_a_batch_holds_the_mixtures_sequences_in_order(loader: Loader) -> None:
    batch = loader.batch(2)
    for tokens in (batch.inputs, batch.targets):
        assert (tokens.shape, tokens.dtype) == ((16, LENGTH), np.int64)
    assert (batch.loss_mask.shape, batch.loss_mask.dtype) == ((16, LENGTH), np.bool_)
    assert batch.windows == [loader.mixture.sequence(n) for n in range(32, 48)]
    assert {window.source for window in batch.windows} == set(WEIGHTS)
    for inputs, targets, window in zip(batch.inputs, batch.targets, batch.windows, strict=True):
        if window.source == "redteam/pairs":
            continue
        places = np.arange(1, LENGTH + 1) + window.index * LENGTH
        offset = 1000 * list(WEIGHTS).index(window.source)
        assert targets.tolist() == (places + offset).tolist()
        assert inputs.tolist() == (places + offset - 1).tolist()


def test_the_contents_of_a_step_are_those_of_its_batch(loader: Loader) -> None:
    contents = loader.contents(2)
    assert [it["sequence"] for it in contents] == list(range(32, 48))
    for it, window in zip(contents, loader.batch(2).windows, strict=True):
        assert (it["source"], it["index"]) == (window.source, window.index)
        begin, pair = window.index * LENGTH + 1, window.source == "redteam/pairs"
        within = range(begin, begin + LENGTH)  # documents of 13 tokens
        assert it["documents"] == ([window.index] if pair else sorted({token // 13 for token in within}))


def test_what_sequences_hold_is_counted(loader: Loader) -> None:
    """To the token, at the borders of passes and between them."""
    for sequences in (0, 1, 37, 400):
        batches = [loader.batch(step) for step in range(-(-sequences // 16))]
        windows = [window for batch in batches for window in batch.windows][:sequences]
        masks = [mask for batch in batches for mask in batch.loss_mask][:sequences]
        found = loader.read(sequences)
        for name, rows in loader.rows.items():
            mine = [(window, mask) for window, mask in zip(windows, masks, strict=True) if window.source == name]
            assert found[name] == Read(
                sequences=len(mine),
                tokens=LENGTH * len(mine),  # pairs of 13 tokens fill each sequence
                loss_tokens=sum(int(mask.sum()) for _, mask in mine),
                epochs=len(mine) / rows.count,
            )


def test_a_source_has_its_share_of_the_tokens_with_a_loss(loader: Loader) -> None:
    read = loader.read(4000)
    total = sum(part.loss_tokens for part in read.values())
    shares = {name: part.loss_tokens / total for name, part in read.items()}
    assert shares == pytest.approx({"web/en": 0.5, "web/fi": 0.25, "redteam/pairs": 0.25}, abs=1e-3)
    assert read["redteam/pairs"].tokens > 2 * read["web/fi"].tokens


@pytest.mark.parametrize("ranks", range(1, 17))
def test_the_ranks_share_the_one_batch_in_order(stores: dict[str, TokenStore], ranks: int) -> None:
    loader = loader_of(stores, Pace([], 48 * ranks))
    for step in (0, 5, 1000):
        whole = loader.batch(step)
        shares = [loader.batch(step, rank, ranks) for rank in range(ranks)]
        assert np.array_equal(np.concatenate([share.inputs for share in shares]), whole.inputs)
        assert np.array_equal(np.concatenate([share.targets for share in shares]), whole.targets)
        assert np.array_equal(np.concatenate([share.loss_mask for share in shares]), whole.loss_mask)
        assert [window for share in shares for window in share.windows] == whole.windows


def test_ranks_that_do_not_divide_a_step_are_refused(loader: Loader) -> None:
    with pytest.raises(ValueError, match="16 sequences cannot be divided among 3 ranks"):
        loader.batch(0, 0, 3)


def test_the_mask_of_a_position_is_that_of_its_target(loader: Loader) -> None:
    batch = loader.batch(0)
    targets = batch.targets
    paired = np.array([window.source == "redteam/pairs" for window in batch.windows])
    assert paired.any()
    assert batch.loss_mask[~paired].all()
    assert np.array_equal(batch.loss_mask[paired], (targets[paired] - 2000) % 13 >= PROMPT)


def test_windows_overlap_by_one_token_and_leave_no_target_out(loader: Loader) -> None:
    """A pass predicts every token once, but the first and those of a last piece that fills no sequence."""
    passed = [loader.mixture.sequence(n) for n in range(200)]
    starts = {window.index * LENGTH for window in passed if window.source == "web/en" and window.epoch == 0}
    targets = [start + 1 + place for start in sorted(starts) for place in range(LENGTH)]
    assert targets == list(range(1, (130 - 1) // LENGTH * LENGTH + 1))
    assert max(targets) < loader.rows["web/en"].store.num_tokens


def test_a_batch_is_the_same_in_any_order_of_asking(loader: Loader, stores: dict[str, TokenStore]) -> None:
    backwards = {step: loader.batch(step) for step in reversed(range(8))}
    other = loader_of(dict(reversed(stores.items())), Pace([], 16))
    for step, batch in backwards.items():
        assert np.array_equal(other.batch(step).inputs, batch.inputs)
        assert np.array_equal(other.batch(step).targets, batch.targets)


def test_a_batch_is_a_copy(loader: Loader) -> None:
    loader.batch(0).targets[:] = 0
    assert loader.batch(0).targets.any()


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("ahead", [0, 1, 5])
def test_reading_ahead_changes_nothing(loader: Loader, threads: int, ahead: int) -> None:
    read = list(loader.batches(3, 9, 1, 2, threads=threads, ahead=ahead))
    assert len(read) == 6
    for step, batch in enumerate(read, start=3):
        expected = loader.batch(step, 1, 2)
        assert np.array_equal(batch.inputs, expected.inputs)
        assert np.array_equal(batch.targets, expected.targets)
        assert np.array_equal(batch.loss_mask, expected.loss_mask)
        assert batch.windows == expected.windows


def test_leaving_early_leaves_no_thread(loader: Loader) -> None:
    before = set(threading.enumerate())
    batches = loader.batches(0, 1000, threads=2)
    next(batches)
    started = set(threading.enumerate()) - before
    batches.close()
    for thread in started:
        thread.join(10)
        assert not thread.is_alive()


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
    batch = loader_of(stores, Pace([], 16), separate=True).batch(1)
    assert loader.batch(1).documents is None
    assert batch.documents is not None
    for targets, documents, window in zip(batch.targets, batch.documents, batch.windows, strict=True):
        if window.source != "redteam/pairs":
            offset = 1000 * list(WEIGHTS).index(window.source)
            owners = (targets - offset) // 13
            assert documents.tolist() == (owners - owners[0]).tolist()


def test_batches_that_are_left_behind_end_without_waiting_for_a_thread(
    loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The garbage collector ends them, maybe in a thread that is just being started, which cannot wait for another."""
    go_on, reading, read = threading.Event(), threading.Event(), Loader.batch

    def slow(self: Loader, step: int, *shares: int) -> Batch:
        if step:
            reading.set()
            go_on.wait(60)
        return read(self, step, *shares)

    monkeypatch.setattr(Loader, "batch", slow)
    coming = loader.batches(0, 3, ahead=1)
    next(coming)
    assert reading.wait(60)
    closing = threading.Thread(target=coming.close)  # type: ignore[attr-defined]
    closing.start()
    closing.join(10)
    left = closing.is_alive()
    go_on.set()
    assert not left

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.recipe.stages import Guard
from aurora.training.guard import Watch

CALM = [2.0, 2.2, 1.8, 2.0]  # mean 2, standard deviation 0.1414
losses = st.floats(0.5, 20) | st.just(math.nan)


@pytest.mark.parametrize(("loss", "norm"), [(math.nan, 1.0), (math.inf, 1.0), (1.0, math.nan), (1.0, math.inf)])
def test_numbers_that_are_not_finite_are_always_wrong(loss: float, norm: float) -> None:
    assert "is nan" in (found := str(Watch(Guard()).judge(loss, norm))) or "is inf" in found


def test_a_spike_is_so_many_deviations_above_the_losses_before() -> None:
    for loss, wrong in ((2.4, False), (2.5, True), (-9.0, False)):
        watch = Watch(Guard(deviations=3.0, window=4), [(calm, False) for calm in CALM])
        assert (watch.judge(loss, 1.0) is not None) == wrong
    assert watch.judge(2.5, 1.0) is None  # the fall before has widened what is usual


def test_no_spike_before_the_window_is_full_and_none_without_deviations() -> None:
    assert Watch(Guard(deviations=3.0, window=5), [(calm, False) for calm in CALM]).judge(100.0, 1.0) is None
    assert Watch(Guard(window=4), [(calm, False) for calm in CALM]).judge(100.0, 1.0) is None


def test_patience_counts_steps_in_a_row() -> None:
    watch = Watch(Guard(patience=2))
    for loss, exhausted in (
        (math.nan, False),
        (math.nan, False),
        (1.0, False),
        *[(math.nan, False)] * 2,
        (math.nan, True),
    ):
        watch.judge(loss, 1.0)
        assert watch.exhausted == exhausted


@given(st.lists(losses, max_size=40), st.data())
def test_a_watch_that_reads_its_history_goes_on_alike(found: list[float], data: st.DataObject) -> None:
    guard = Guard(deviations=2.0, window=3)
    whole = Watch(guard)
    judged = [whole.judge(loss, 1.0) for loss in found]
    cut = data.draw(st.integers(0, len(found)))
    history = [
        (loss if math.isfinite(loss) else None, reason is not None) for loss, reason in zip(found, judged, strict=True)
    ]
    resumed = Watch(guard, history[:cut])
    assert [resumed.judge(loss, 1.0) for loss in found[cut:]] == judged[cut:]
    assert resumed.left_out == whole.left_out

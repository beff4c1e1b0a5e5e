from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.recipe.stages.stage import Guard
from aurora.training.guard import Judged, Watch

CALM = [2.0, 2.2, 1.8, 2.0]  # mean 2, standard deviation 0.1414
ROLLBACK = Guard(action="rollback", steps=10)
HISTORY = [Judged(calm, False) for calm in CALM]
losses = st.floats(0.5, 20) | st.just(math.nan)


@pytest.mark.parametrize(("loss", "norm"), [(math.nan, 1.0), (math.inf, 1.0), (1.0, math.nan), (1.0, math.inf)])
def test_numbers_that_are_not_finite_are_always_wrong(loss: float, norm: float) -> None:
    assert "is nan" in (found := str(Watch(Guard()).judge(loss, norm))) or "is inf" in found


def test_a_spike_is_so_many_deviations_above_the_losses_before() -> None:
    for loss, wrong in ((2.4, False), (2.5, True), (-9.0, False)):
        watch = Watch(Guard(deviations=3.0, window=4), HISTORY)
        assert (watch.judge(loss, 1.0) is not None) == wrong
    assert watch.judge(2.5, 1.0) is None  # the fall before has widened what is usual


def test_no_spike_before_the_window_is_full_and_none_without_deviations() -> None:
    assert Watch(Guard(deviations=3.0, window=5), HISTORY).judge(100.0, 1.0) is None
    assert Watch(Guard(window=4), HISTORY).judge(100.0, 1.0) is None


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


def judge_all(watch: Watch, begin: int, found: list[float]) -> list[tuple[str, Judged]]:
    """The verdicts on losses behind `begin` steps, and what the records tell of them; all returns are made."""
    told = []
    for step, loss in enumerate(found, start=begin):
        fault = watch.judge(loss, 1.0)
        at = watch.back_to(step) if fault and watch.rolls_back else None
        if at is not None:
            watch.return_to(at)
        told.append((str(fault), Judged(loss if math.isfinite(loss) else None, fault is not None, at)))
    return told


@given(st.lists(losses, max_size=60), st.none() | st.integers(1, 5), st.data())
def test_a_watch_that_reads_its_history_goes_on_alike(
    found: list[float], steps: int | None, data: st.DataObject
) -> None:
    guard = Guard(deviations=2.0, window=3, action="rollback" if steps else "skip", steps=steps)
    whole = Watch(guard)
    told = judge_all(whole, 0, found)
    cut = data.draw(st.integers(0, len(found)))
    resumed = Watch(guard, [judged for _, judged in told[:cut]])
    assert judge_all(resumed, cut, found[cut:]) == told[cut:]
    assert resumed.left_out == whole.left_out


def test_a_fault_goes_back_to_a_checkpoint_old_enough() -> None:
    watch = Watch(ROLLBACK)
    assert [watch.back_to(step) for step in (0, 9, 10, 19, 20, 29, 30)] == [0, 0, 0, 0, 10, 10, 20]


def test_what_was_undone_is_not_gone_back_to() -> None:
    watch = Watch(ROLLBACK)
    judge_all(watch, 0, [2.0] * 25 + [math.nan])  # back to 10, with which that of 20 is undone
    assert [watch.back_to(step) for step in (26, 30, 35, 39, 40)] == [10, 10, 10, 10, 30]
    judge_all(watch, 26, [2.0] * 10 + [math.nan])  # again, with which that of 30 is
    assert [watch.back_to(step) for step in (40, 49, 50)] == [10, 10, 40]


@given(st.lists(losses, max_size=80), st.integers(1, 5))
def test_returns_are_never_younger_than_asked_and_never_to_what_was_undone(found: list[float], steps: int) -> None:
    told = judge_all(Watch(Guard(action="rollback", steps=steps, deviations=2.0, window=3)), 0, found)
    undone: list[tuple[int, int]] = []
    for step, (_, judged) in enumerate(told):
        if judged.returned_to is not None:
            assert judged.returned_to % steps == 0
            assert judged.returned_to == 0 or judged.returned_to <= step - steps
            assert not any(good < judged.returned_to <= last for good, last in undone)
            undone.append((judged.returned_to, step))


def test_losses_of_what_was_undone_are_not_what_is_usual() -> None:
    watch = Watch(Guard(action="rollback", steps=2, deviations=3.0, window=4), HISTORY)
    judge_all(watch, 4, [0.1, 0.1, 0.1, math.nan])  # back to 4
    assert watch.back_to(6) == 4
    assert watch.judge(2.4, 1.0) is None
    assert watch.judge(2.9, 1.0) is not None


def test_patience_with_rollback_counts_returns_to_the_same_checkpoint() -> None:
    watch = Watch(Guard(action="rollback", steps=2, patience=1))
    judge_all(watch, 0, [math.nan, 2.0])
    assert watch.left_out == 1
    judge_all(watch, 2, [math.nan])  # a good step between two returns to the start is of no use
    assert watch.exhausted
    judge_all(watch, 3, [2.0] * 5 + [math.nan])
    assert watch.left_out == 1


@pytest.mark.parametrize("settings", [{"action": "rollback"}, {"steps": 3}])
def test_steps_belong_to_rollback(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="give `steps` with the action rollback, and with no other"):
        Guard(**settings)

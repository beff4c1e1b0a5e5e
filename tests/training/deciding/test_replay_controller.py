from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.recipe.stages.retention import Retention
from aurora.training.deciding.replay_controller import LANDING, LATITUDE, RESERVE, aim, next_weights

KEPT = ("docstrings/en", "sources/code")
SHARES = st.floats(0.05, 0.3)
RISES = st.one_of(st.floats(-0.9, 5), st.just(math.nan), st.just(math.inf))
PROGRESS = st.floats(0, 1)


def retention(**settings: object) -> Retention:
    return Retention.model_validate(
        {"every_steps": 5, "budget": dict.fromkeys(KEPT, 0.01), "least": 0.05, "most": 0.3} | settings
    )


def weights(english: float, code: float) -> dict[str, float]:
    rest = 1 - english - code
    return {"docstrings/en": english, "sources/code": code, "web/fi": rest * 0.75, "web/hi": rest * 0.25}


@given(SHARES, SHARES, RISES, RISES, PROGRESS)
def test_shares_stay_inside_their_bounds_and_sum_to_one(
    english: float, code: float, first: float, second: float, ahead: float
) -> None:
    found = next_weights(retention(), weights(english, code), dict(zip(KEPT, (first, second), strict=True)), {}, ahead)
    assert list(found) == ["docstrings/en", "sources/code", "web/fi", "web/hi"]
    assert sum(found.values()) == pytest.approx(1, abs=1e-9)
    for source in KEPT:
        assert 0.05 <= found[source] <= 0.3
    assert found["web/fi"] / found["web/hi"] == pytest.approx(3, rel=0.01)


@given(SHARES, st.floats(-0.5, 2), st.floats(0, 1), PROGRESS)
def test_who_forgets_more_never_gets_less(share: float, rise: float, more: float, ahead: float) -> None:
    before = weights(share, 0.1)
    found = [
        next_weights(retention(), before, {"docstrings/en": it, "sources/code": 0.0}, {"docstrings/en": 0.1}, ahead)[
            "docstrings/en"
        ]
        for it in (rise, rise + more)
    ]
    assert found[0] <= found[1]


@given(SHARES, RISES, PROGRESS)
def test_a_decision_moves_no_share_further_than_stated(share: float, rise: float, ahead: float) -> None:
    found = next_weights(retention(largest_move=0.2), weights(share, 0.1), {"docstrings/en": rise}, {}, ahead)
    assert share / 1.2 - 1e-4 <= found["docstrings/en"] <= share * 1.2 + 1e-4


def test_a_source_that_was_not_measured_keeps_its_share() -> None:
    found = next_weights(retention(), weights(0.2, 0.1), {"docstrings/en": math.nan}, {}, 0.5)
    assert (found["docstrings/en"], found["sources/code"]) == (0.2, 0.1)


@given(PROGRESS, PROGRESS)
def test_the_aim_narrows_to_a_little_below_the_budget(left: float, right: float) -> None:
    earlier, later = sorted((left, right))
    assert aim(0.01, earlier) >= aim(0.01, later) >= 0.01 - RESERVE
    assert aim(0.01, 0) == pytest.approx(0.01 - RESERVE + LATITUDE)
    assert aim(0.01, LANDING) == aim(0.01, 1) < 0.01


def test_above_the_aim_replay_grows_to_its_most_and_below_it_shrinks_to_its_least() -> None:
    for rise, share in ((0.5, 0.3), (-0.5, 0.05)):
        held = weights(0.15, 0.15)
        for _ in range(10):
            held = next_weights(retention(), held, dict.fromkeys(KEPT, rise), {}, 1.0)
        assert [held[source] for source in KEPT] == [share, share]


def test_what_falls_by_itself_needs_less_than_what_rises() -> None:
    found = [
        next_weights(retention(), weights(0.2, 0.1), {"docstrings/en": 0.01}, {"docstrings/en": earlier}, 1.0)
        for earlier in (0.03, 0.01, 0.0)
    ]
    shares = [held["docstrings/en"] for held in found]
    assert shares == sorted(shares)
    assert shares[0] < 0.2 < shares[1] < shares[2]

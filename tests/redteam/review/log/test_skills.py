from __future__ import annotations

import pytest

from aurora.redteam.review.log.skills import WHOLE, Skills
from review_simulation import simulate


def test_two_unknown_people_who_agree_are_nearly_sure() -> None:
    skills = Skills()
    assert skills.of("ann") == pytest.approx(0.8)
    assert skills.posterior([("ann", "a")], 3)["a"] == pytest.approx(0.8)
    assert skills.posterior([("ann", "a"), ("bob", "a")], 3)["a"] == pytest.approx(0.64 / (0.64 + 2 * 0.01))


def test_who_was_right_weighs_more() -> None:
    skills = Skills({"ann": 90 * WHOLE}, {"bob": 10 * WHOLE})
    posterior = skills.posterior([("ann", "a"), ("bob", "b")], 3)
    assert posterior["a"] > 0.95 > 0.05 > posterior["b"]


def test_probabilities_of_all_labels_sum_to_one() -> None:
    skills = Skills({"ann": 3 * WHOLE}, {"bob": WHOLE})
    given = [("ann", "a"), ("bob", "b"), ("cyd", "c")]
    assert sum(skills.posterior(given, 3).values()) == pytest.approx(1)
    assert sum(skills.posterior(given, 4).values()) < 1
    assert skills.posterior(given, 3) == skills.posterior(given[::-1], 3)


def test_what_was_learnt_can_be_taken_back_to_the_last_digit() -> None:
    skills = Skills()
    first = skills.learn({"ann": "a", "bob": "b"}, {"a": 0.97312, "b": 0.01})
    assert first == {"ann": (973, 27), "bob": (10, 990)}
    second = skills.learn({"ann": "b"}, {"a": 1.0})
    skills.forget(first)
    skills.forget(second)
    assert not any(skills.right.values())
    assert not any(skills.wrong.values())


def test_the_adaptive_third_review_saves_three_in_ten_at_equal_error() -> None:
    outcome = simulate((0.99, 0.98, 0.97, 0.96, 0.95), 1_200, 1)
    assert outcome.saved >= 0.3
    assert outcome.wrong <= outcome.wrong_of_three + 0.001
    assert outcome.to_adjudicator < 0.01

"""Against published examples and brute force, and against what verdicts promise: few false ones."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.evaluation.statistics import comparisons
from aurora.evaluation.statistics.comparisons import Comparison, compare, holm, mcnemar, smallest_change, verdicts

GAINED = Comparison(0.1, 0.05, 0.15, 0.001, 100, 100)
FORGOT = Comparison(-0.1, -0.15, -0.05, 0.002, 100, 100)
UNTOLD = Comparison(0.01, -0.05, 0.07, 0.6, 100, 100)


@given(st.integers(0, 9), st.integers(0, 9))
def test_mcnemar_counts_all_ways_in_which_a_coin_falls(lost: int, won: int) -> None:
    falls = [sum(fall) for fall in itertools.product((0, 1), repeat=lost + won)]
    as_far = sum(abs(2 * number - (lost + won)) >= abs(lost - won) for number in falls)
    assert mcnemar(lost, won) == pytest.approx(as_far / len(falls))


def test_holm_as_published() -> None:
    found = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})
    assert found == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02})
    assert holm({}) == {}


@given(st.dictionaries(st.text(max_size=2), st.floats(0, 1), max_size=8))
def test_holm_never_makes_a_task_surer_and_keeps_their_order(p_values: dict[str, float]) -> None:
    adjusted = holm(p_values)
    assert all(p_values[task] <= adjusted[task] <= 1 for task in p_values)
    ranked = sorted(p_values, key=p_values.__getitem__)
    assert [adjusted[task] for task in ranked] == sorted(adjusted.values())


def test_paired_answers_take_the_exact_test() -> None:
    before = [1] * 40 + [0] * 20 + [1] * 2 + [0] * 10
    after = [1] * 40 + [0] * 20 + [0] * 2 + [1] * 10
    found = compare(before, after)
    assert found.difference == pytest.approx(8 / 72)
    assert found.p_value == pytest.approx(mcnemar(2, 10)) == pytest.approx(0.03857, abs=1e-5)
    assert found.low < 8 / 72 < found.high
    assert found.verdict == "gained"
    assert compare(after, before).verdict == "forgot"


def test_checkpoints_that_answer_alike_differ_by_nothing() -> None:
    found = compare([1, 0, 1, 1], [1, 0, 1, 1])
    assert (found.difference, found.p_value, found.verdict) == (0, 1, "cannot tell")
    assert found.low < 0 < found.high  # four items could have hidden much
    assert compare([0.5, 0.25], [0.5, 0.25]).verdict == "cannot tell"


def test_one_document_tells_nothing() -> None:
    found = compare([0.0] * 50, [1.0] * 50, ["only"] * 50)
    assert math.isnan(found.low)
    assert (found.verdict, found.p_value, found.clusters) == ("cannot tell", 1, 1)


def test_only_the_same_items_are_compared() -> None:
    with pytest.raises(ValueError, match="2 items before and 3 after"):
        compare([1, 0], [1, 0, 1])


def test_a_comparison_made_again_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(1)
    before, after = generator.normal(size=(2, 60))
    clusters = (np.arange(60) // 3).tolist()
    found = compare(before, after, clusters)
    assert compare(before, after, clusters) == found
    monkeypatch.setattr(comparisons, "NUMBERS_AT_A_TIME", 20 * 7)  # drawn in other parts, from the same generator
    assert compare(before, after, clusters) == found


@pytest.mark.parametrize("answers", [True, False])
def test_chance_is_rarely_taken_for_a_change(answers: bool) -> None:
    """Twenty-five documents of four items each, and no change: at most the 5 % that are allowed, give or take."""
    generator = np.random.default_rng(11)
    clusters = np.repeat(np.arange(25), 4)
    said = []
    for _ in range(300):
        if answers:
            rates = generator.beta(1, 1, 25)[clusters]
            before, after = (generator.random((2, 100)) < rates).astype(float)
        else:
            before = generator.normal(size=100)
            after = before + generator.normal(size=25)[clusters] + generator.normal(size=100)
        said.append(compare(before, after, clusters.tolist()))
    assert np.mean([one.verdict != "cannot tell" for one in said]) < 0.075
    assert np.mean([one.low <= 0 <= one.high for one in said]) == pytest.approx(0.95, abs=0.03)


def test_over_many_tasks_one_false_verdict_is_rare() -> None:
    generator = np.random.default_rng(5)
    false = 0
    for _ in range(400):
        answers = generator.random((12, 2, 80)) < 0.6
        told = verdicts(
            {str(n): [compare(one[0].astype(float), one[1].astype(float))] for n, one in enumerate(answers)}
        )
        false += any(verdict != "cannot tell" for verdict in told.values())
    assert false / 400 < 0.06


def test_a_verdict_holds_in_every_wording() -> None:
    told = verdicts({
        "all gained": [GAINED, GAINED],
        "one untold": [GAINED, UNTOLD],
        "they disagree": [GAINED, FORGOT],
        "forgot": [FORGOT],
    })  # fmt: skip
    assert told == {
        "all gained": "gained",
        "one untold": "cannot tell",
        "they disagree": "cannot tell",
        "forgot": "forgot",
    }
    many = {str(n): [UNTOLD] for n in range(40)} | {"weak": [Comparison(0.1, 0.01, 0.19, 0.03, 100, 100)]}
    assert verdicts(many)["weak"] == "cannot tell"


def test_the_smallest_change_is_seen_four_times_in_five() -> None:
    generator = np.random.default_rng(3)
    before = generator.normal(size=200)
    after = before + generator.normal(0, 0.5, 200)
    change = smallest_change(before, after)
    assert change == pytest.approx((1.959964 + 0.841621) * np.std(after - before, ddof=1) / math.sqrt(200), rel=1e-5)
    seen = []
    for _ in range(300):
        differences = generator.normal(change, np.std(after - before), 200)
        error = differences.std(ddof=1) / math.sqrt(200)
        seen.append(differences.mean() / error > 1.96)
    assert np.mean(seen) == pytest.approx(0.8, abs=0.08)

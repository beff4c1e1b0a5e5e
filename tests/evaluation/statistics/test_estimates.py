"""Against published values, and against what the intervals promise: to hold the truth 95 times in a hundred."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.evaluation.statistics.estimates import Floats, estimate, student_cdf, student_quantile, wilson_interval

SCORES = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=50)


@pytest.mark.parametrize(
    ("degrees", "published"), [(1, 12.706), (2, 4.303), (3, 3.182), (5, 2.571), (10, 2.228), (29, 2.045), (120, 1.980)]
)
def test_quantiles_of_student_as_tables_print_them(degrees: int, published: float) -> None:
    assert student_quantile(0.975, degrees) == pytest.approx(published, abs=5e-4)


@given(st.floats(0, 30), st.integers(1, 300))
def test_the_distribution_of_student_is_the_integral_of_its_density(value: float, degrees: int) -> None:
    places = np.linspace(0, value, 20_001)
    scale = math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2) - math.log(degrees * math.pi) / 2
    density = np.exp(scale - (degrees + 1) / 2 * np.log1p(places**2 / degrees))
    assert student_cdf(value, degrees) == pytest.approx(0.5 + float(np.trapezoid(density, places)), abs=1e-6)


def test_many_degrees_of_freedom_are_the_normal_distribution() -> None:
    normal = NormalDist().inv_cdf(0.975)
    assert student_quantile(0.975, 2000) == pytest.approx(normal, abs=2e-3)
    assert student_quantile(0.975, 10**9) == normal


@pytest.mark.parametrize(
    ("hits", "trials", "interval"),
    [  # Newcombe 1998, table I
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
    ],
)
def test_wilson_intervals_of_the_literature(hits: int, trials: int, interval: tuple[float, float]) -> None:
    assert wilson_interval(hits / trials, trials) == pytest.approx(interval, abs=5e-5)


@given(SCORES)
def test_without_clusters_the_error_is_that_of_a_mean(scores: list[float]) -> None:
    found = estimate(scores)
    assert found.mean == pytest.approx(np.mean(scores), abs=1e-9)
    assert found.error == pytest.approx(np.std(scores, ddof=1) / math.sqrt(len(scores)), rel=1e-6, abs=1e-9)
    assert (found.items, found.clusters) == (len(scores), len(scores))


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=20), st.integers(2, 5))
def test_an_item_said_twice_is_no_more_evidence(scores: list[float], times: int) -> None:
    once = estimate(scores)
    often = estimate(
        [score for score in scores for _ in range(times)], [n for n in range(len(scores)) for _ in range(times)]
    )
    assert often.mean == pytest.approx(once.mean, abs=1e-9)
    assert often.error == pytest.approx(once.error, rel=1e-6, abs=1e-9)
    assert (often.items, often.clusters) == (len(scores) * times, len(scores))


@given(st.permutations(range(12)))
def test_the_order_of_items_changes_nothing(order: list[int]) -> None:
    scores, clusters = np.linspace(0, 1, 12) ** 2, [f"document {n // 3}" for n in range(12)]
    expected, found = estimate(scores, clusters), estimate(scores[order], [clusters[n] for n in order])
    assert (found.mean, found.error, found.low) == pytest.approx((expected.mean, expected.error, expected.low))


def test_no_rate_between_nothing_and_all_has_an_error_of_zero() -> None:
    for hits in range(1, 10):
        found = estimate([1] * hits + [0] * (10 - hits))
        assert found.error > 0
        assert 0 < found.low < found.mean < found.high < 1


def test_all_right_or_all_wrong_still_leaves_room() -> None:
    assert estimate([0] * 10).high == pytest.approx(0.2775, abs=1e-4)
    assert estimate([1] * 10).low == pytest.approx(0.7225, abs=1e-4)
    assert (estimate([0] * 10).low, estimate([1] * 10).high) == (0, 1)
    # Ten wordings of one of two questions are no twenty questions.
    assert estimate([1] * 20, [0] * 10 + [1] * 10).low < 0.1


def test_one_cluster_has_no_interval() -> None:
    for scores in ([0.5], [0.1, 0.4], [1, 0, 1]):
        found = estimate(scores, ["only"] * len(scores))
        assert math.isnan(found.error)
        assert math.isnan(found.low)
        assert math.isnan(found.high)


def test_scores_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="No items"):
        estimate([])
    with pytest.raises(ValueError, match="item 1 is no finite number"):
        estimate([0.5, math.nan])
    with pytest.raises(ValueError, match="1 clusters were given for 2 items"):
        estimate([0, 1], ["a"])


@pytest.mark.parametrize("items", [10, 30, 100, 1000])
def test_intervals_of_rates_hold_the_truth(items: int) -> None:
    """Exactly: over all truths alike, how probable are the numbers of hits whose interval holds it?"""
    truths = np.linspace(0, 1, 4001)[1:-1]
    held = np.zeros_like(truths)
    for hits in range(items + 1):
        low, high = wilson_interval(hits / items, items)
        held += _binomial(hits, items, truths) * ((low <= truths) & (truths <= high))
    assert held.mean() == pytest.approx(0.95, abs=0.01)
    assert held.min() > 0.8


@pytest.mark.parametrize("items", [10, 30, 100, 1000])
def test_intervals_of_scores_hold_the_truth(items: int) -> None:
    generator = np.random.default_rng(items)
    found = [estimate(generator.normal(0.3, 2, items)) for _ in range(4000)]
    assert np.mean([one.low <= 0.3 <= one.high for one in found]) == pytest.approx(0.95, abs=0.01)


@pytest.mark.parametrize("answers", [True, False])
def test_intervals_of_clustered_items_hold_the_truth(answers: bool) -> None:
    """Forty documents with one to six questions each, which are alike; taken as independent, the interval would not."""
    generator = np.random.default_rng(7)
    held, naive = [], []
    for _ in range(1500):
        sizes = generator.integers(1, 7, 40)
        clusters = np.repeat(np.arange(40), sizes)
        if answers:
            scores = (generator.random(len(clusters)) < generator.beta(0.6, 0.6, 40)[clusters]).astype(float)
            truth = 0.5
        else:
            scores = generator.normal(0, 1, 40)[clusters] + generator.normal(0, 0.5, len(clusters))
            truth = 0.0
        found, independent = estimate(scores, clusters.tolist()), estimate(scores)
        held.append(found.low <= truth <= found.high)
        naive.append(independent.low <= truth <= independent.high)
    assert np.mean(held) == pytest.approx(0.95, abs=0.02)
    assert np.mean(naive) < 0.88


def _binomial(hits: int, items: int, rates: Floats) -> Floats:
    """The chance of so many hits at each rate."""
    ways = math.lgamma(items + 1) - math.lgamma(hits + 1) - math.lgamma(items - hits + 1)
    return np.exp(ways + hits * np.log(rates) + (items - hits) * np.log1p(-rates))

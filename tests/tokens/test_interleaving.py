from __future__ import annotations

import time
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aurora.tokens.interleaving import (
    BLOCK,
    LONGEST_DEAL,
    LONGEST_PERIOD,
    Interleaving,
    counts_between,
    deal,
    whole_parts,
)

Parts = st.lists(st.integers(1, 40), min_size=1, max_size=7)


def largest_error(turns: Interleaving, first: int, length: int) -> Fraction:
    """The furthest that any source is from its exact share after sequences first..first+length-1."""
    counts, worst = turns.counts(first), Fraction(0)
    for n in range(first, first + length):
        source, rank = turns.at(n)
        assert rank == counts[source]
        counts[source] += 1
        errors = np.abs(np.array(counts, object) * turns.period - (n + 1) * turns.parts.astype(object))
        worst = max(worst, Fraction(int(max(errors)), turns.period))
    return worst


@given(Parts)
@settings(deadline=None, max_examples=100)
def test_any_prefix_is_within_one_of_its_share(parts: list[int]) -> None:
    turns = Interleaving(parts)
    assert largest_error(turns, 0, 2 * turns.period) < 1
    assert turns.counts(3 * turns.period) == [3 * int(part) for part in turns.parts]


@given(st.lists(st.integers(1, 10**7), min_size=2, max_size=12), st.integers(0, 10**12))
@settings(deadline=None, max_examples=25)
def test_long_periods_never_drift_from_their_shares(weights: list[int], first: int) -> None:
    assert largest_error(Interleaving(weights), first, 2 * BLOCK) < 1.5


@pytest.mark.parametrize("seed", range(6))
def test_awkward_weights_keep_any_prefix_within_one_of_its_share(seed: int) -> None:
    generator = np.random.default_rng(seed)
    turns = Interleaving(np.exp(generator.normal(0, 2, 8 * (seed + 1))).tolist())
    assert turns.period == LONGEST_PERIOD
    for first in (0, 10**6, turns.period - BLOCK):
        assert largest_error(turns, first, 3 * BLOCK) < 1


def test_a_long_period_is_the_same_asked_in_any_order() -> None:
    weights = [0.123456789, 0.3, 0.2, 0.376543211]
    places = [0, 10**9, 5, 10**6, 1 << 40, 10**6 + 1, 6]
    one, two = Interleaving(weights), Interleaving(weights)
    assert [one.at(n) for n in places] == [two.at(n) for n in reversed(places)][::-1]
    for n in places:
        source, rank = one.at(n)
        assert one.counts(n)[source] == rank
        assert sum(one.counts(n)) == n


def test_a_long_period_holds_every_part_once() -> None:
    """Blocks meet: each ends with the counts that the next begins with."""
    weights = [40_000, 30_001, 2, 700]
    turns = Interleaving(weights)
    assert turns.period > LONGEST_DEAL
    ranks = [0] * len(weights)
    for n in range(turns.period):
        source, rank = turns.at(n)
        assert rank == ranks[source]
        ranks[source] += 1
    assert ranks == weights


def test_any_place_is_found_in_little_time() -> None:
    weights = np.random.default_rng(1).lognormal(0, 2, 500).tolist()
    turns = Interleaving(weights)
    start = time.process_time()
    for n in range(0, 10**12, 10**11):
        turns.at(n)
    assert time.process_time() - start < 0.2  # 10 lookups of about 0.7 ms


def test_counts_between_keeps_its_bounds_and_its_sum() -> None:
    parts, zeros = np.array([5, 3, 2]), np.zeros(3, np.int64)
    assert counts_between(parts, 10, 5, zeros, parts).tolist() == [3, 1, 1]
    before, after = np.array([0, 2, 0]), np.array([1, 3, 1])
    assert counts_between(parts, 10, 3, before, after).tolist() == [1, 2, 0]
    assert counts_between(parts, 10, 4, np.array([0, 0, 2]), np.array([2, 1, 2])).tolist() == [1, 1, 2]


def test_turns_that_cannot_come_in_time_come_late() -> None:
    parts = np.array([2, 2])
    sources, ranks = deal(parts, 4, 2, 4, np.array([0, 2]), np.array([2, 2]))
    assert sources.tolist() == [0, 0]
    assert ranks.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("weights", "parts"),
    [
        ([0.1, 0.2, 0.7], [1, 2, 7]),
        ([0.3, 0.3, 0.3], [1, 1, 1]),
        ([0.1 + 0.2, 0.7], [15000000000000002, 35000000000000000]),
        ([69, 31], [69, 31]),
        ([1e-3, 0.999], [1, 999]),
        ([2.5, 5, 12.5], [1, 2, 5]),
        ([4], [1]),
    ],
)
def test_parts_are_the_ratio_as_it_is_written(weights: list[float], parts: list[int]) -> None:
    found = whole_parts(weights)
    if sum(parts) <= LONGEST_PERIOD:
        assert found == parts
    else:
        assert sum(found) == LONGEST_PERIOD
        assert found[0] / LONGEST_PERIOD == pytest.approx(parts[0] / sum(parts), abs=1 / LONGEST_PERIOD)


@given(st.lists(st.decimals("0.0001", 50, places=4).map(float), min_size=1, max_size=8))
@settings(deadline=None)
def test_parts_keep_a_short_decimal_ratio_exactly(weights: list[float]) -> None:
    parts = whole_parts(weights)
    if sum(round(weight * 10_000) for weight in weights) <= LONGEST_PERIOD:
        shares = [Fraction(str(weight)) / sum(Fraction(str(other)) for other in weights) for weight in weights]
        assert [Fraction(part, sum(parts)) for part in parts] == shares


@given(st.lists(st.floats(1e-12, 1e6), min_size=2, max_size=12))
@settings(deadline=None)
@example([4.0, 185573.25, 6.103515625e-05])
def test_rounded_parts_fit_the_pattern_and_keep_every_source(weights: list[float]) -> None:
    parts = whole_parts(weights)
    total = sum(weights)
    assert sum(parts) <= LONGEST_PERIOD
    assert min(parts) >= 1
    for part, weight in zip(parts, weights, strict=True):
        if LONGEST_PERIOD * weight / total < 1:
            assert part == 1 or sum(parts) < LONGEST_PERIOD
        else:
            assert abs(part - LONGEST_PERIOD * weight / total) < 1 + len(parts) or sum(parts) < LONGEST_PERIOD


@pytest.mark.parametrize(
    ("weights", "parts"),
    [
        ([1, 1e-12], [LONGEST_PERIOD - 1, 1]),
        ([1, 1e-12, 1e-12], [LONGEST_PERIOD - 2, 1, 1]),
        ([1e12 + 0.3, 100.9], [LONGEST_PERIOD - 1, 1]),
        ([1, 1e-9], [10**9, 1]),
    ],
)
def test_a_tiny_weight_is_one_part(weights: list[float], parts: list[int]) -> None:
    assert whole_parts(weights) == parts

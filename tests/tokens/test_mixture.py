from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aurora.errors import UserError
from aurora.tokens.mixture import LONGEST_PATTERN, Mixture, even_pattern, permuted, whole_parts

WEIGHTS = {"web/en": 0.5, "web/fi": 0.2, "code/code": 0.25, "web/hi": 0.05}
SEQUENCES = {"web/en": 10, "web/fi": 5, "code/code": 6, "web/hi": 1}

Parts = st.lists(st.integers(1, 40), min_size=1, max_size=7)


def mixture(seed: int = 1, stage: str = "cap") -> Mixture:
    return Mixture(WEIGHTS, SEQUENCES, seed, stage)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 13, 97, 997, 15, 16, 17, 31, 32, 33, 255, 256, 257, 1023, 1024, 1025])
def test_the_order_of_a_pass_is_a_permutation(size: int) -> None:
    assert sorted(permuted(i, size, "key") for i in range(size)) == list(range(size))


@given(st.integers(1, 3000), st.text(max_size=12))
@settings(deadline=None, max_examples=30)
def test_the_order_is_a_permutation_for_any_size_and_key(size: int, key: str) -> None:
    assert len({permuted(i, size, key) for i in range(size)} & set(range(size))) == size


def test_a_very_long_order_stays_in_range_and_never_repeats() -> None:
    size = 2**31 + 1
    positions = {0, 1, size - 1, size - 2, *(i * 104_729 % size for i in range(3000))}
    images = {permuted(i, size, "key") for i in positions}
    assert len(images) == len(positions)
    assert min(images) >= 0
    assert max(images) < size


def test_the_order_is_shuffled_and_follows_the_key() -> None:
    one, two = ([permuted(i, 1000, key) for i in range(1000)] for key in ("a", "b"))
    assert one != two
    for order in (one, two):
        assert abs(float(np.corrcoef(order, range(1000))[0, 1])) < 0.15
        assert sum(a == i for i, a in enumerate(order)) < 10
        assert sum(b == a + 1 for a, b in pairwise(order)) < 10


def test_the_order_stays_what_it_was() -> None:
    """Changing it would change every run that is resumed."""
    assert [permuted(i, 10, "1\0base\0web/en\0" + "0") for i in range(10)] == [7, 3, 4, 2, 9, 8, 0, 5, 6, 1]


@given(Parts)
@settings(deadline=None, max_examples=150)
def test_any_prefix_of_the_pattern_is_within_one_of_its_share(parts: list[int]) -> None:
    pattern, total = even_pattern(parts), sum(parts)
    counts = [0] * len(parts)
    for n, index in enumerate(pattern, start=1):
        counts[index] += 1
        for count, part in zip(counts, parts, strict=True):
            assert abs(count * total - part * n) < total
    assert counts == parts


@given(
    st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.integers(1, 999), min_size=1, max_size=6),
    st.integers(0, 5000),
)
@settings(deadline=None, max_examples=80)
def test_counts_are_those_of_the_sequences_and_of_the_shares(weights: dict[str, int], n: int) -> None:
    decimals = {name: weight / 1000 for name, weight in weights.items()}
    made = Mixture(decimals, dict.fromkeys(decimals, 1000), 1, "cap")
    counts = made.counts(n)
    total = sum(weights.values())
    assert sum(counts.values()) == n
    assert all(abs(counts[name] - Fraction(weight * n, total)) < 1 for name, weight in weights.items())
    few = Counter(made.sequence(i).source for i in range(n % 200))
    assert {name: few[name] for name in weights} == made.counts(n % 200)


def test_every_sequence_comes_once_before_any_comes_twice() -> None:
    made = mixture()
    order: dict[str, list[tuple[int, int]]] = {name: [] for name in WEIGHTS}
    for n in range(400):
        window = made.sequence(n)
        order[window.source].append((window.epoch, window.index))
    for name, found in order.items():
        count = SEQUENCES[name]
        assert len(found) > 2 * count
        for epoch in range(len(found) // count):
            run = found[epoch * count : (epoch + 1) * count]
            assert {passed for passed, _ in run} == {epoch}
            assert sorted(index for _, index in run) == list(range(count))
    first, second = ([index for e, index in order["web/en"] if e == epoch] for epoch in (0, 1))
    assert first != second  # another order each pass


def test_a_sequence_follows_from_its_number_alone() -> None:
    one, two = mixture(), Mixture(dict(reversed(WEIGHTS.items())), dict(reversed(SEQUENCES.items())), 1, "cap")
    forward = [one.sequence(n) for n in range(300)]
    assert [two.sequence(n) for n in reversed(range(300))] == forward[::-1]
    assert two.sequence(10**12) == one.sequence(10**12)


def test_seed_and_stage_give_another_order_of_the_same_shares() -> None:
    orders = [[made.sequence(n) for n in range(100)] for made in (mixture(), mixture(seed=2), mixture(stage="cat"))]
    assert orders[0] != orders[1] != orders[2] != orders[0]
    assert len({tuple(window.source for window in order) for order in orders}) == 1


def test_weights_of_the_same_ratio_are_the_same_mixture() -> None:
    tenfold = Mixture({name: 10 * weight for name, weight in WEIGHTS.items()}, SEQUENCES, 1, "cap")
    assert [tenfold.sequence(n) for n in range(100)] == [mixture().sequence(n) for n in range(100)]


def test_a_source_shorter_than_a_sequence_is_refused() -> None:
    with pytest.raises(UserError, match=r"The source web/fi is shorter than one sequence of stage cap"):
        Mixture(WEIGHTS, SEQUENCES | {"web/fi": 0}, 1, "cap")


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
    if sum(parts) <= LONGEST_PATTERN:
        assert found == parts
    else:
        assert sum(found) == LONGEST_PATTERN
        assert found[0] / LONGEST_PATTERN == pytest.approx(parts[0] / sum(parts), abs=1 / LONGEST_PATTERN)


@given(st.lists(st.decimals("0.0001", 50, places=4).map(float), min_size=1, max_size=8))
@settings(deadline=None)
def test_parts_keep_a_short_decimal_ratio_exactly(weights: list[float]) -> None:
    parts = whole_parts(weights)
    if sum(round(weight * 10_000) for weight in weights) <= LONGEST_PATTERN:
        shares = [Fraction(str(weight)) / sum(Fraction(str(other)) for other in weights) for weight in weights]
        assert [Fraction(part, sum(parts)) for part in parts] == shares


@given(st.lists(st.floats(1e-12, 1e6), min_size=2, max_size=12))
@settings(deadline=None)
def test_rounded_parts_fit_the_pattern_and_keep_every_source(weights: list[float]) -> None:
    parts = whole_parts(weights)
    total = sum(weights)
    assert sum(parts) <= LONGEST_PATTERN
    assert min(parts) >= 1
    for part, weight in zip(parts, weights, strict=True):
        if LONGEST_PATTERN * weight / total < 1:
            assert part == 1 or sum(parts) < LONGEST_PATTERN


@pytest.mark.parametrize(
    ("weights", "parts"),
    [
        ([1, 1e-9], [LONGEST_PATTERN - 1, 1]),
        ([1, 1e-9, 1e-9], [LONGEST_PATTERN - 2, 1, 1]),
        ([65536.3, 0.9, 3.1], [LONGEST_PATTERN - 4, 1, 3]),
        ([40000.6, 25534.5, 0.9], [40001, 25534, 1]),
    ],
)
def test_a_tiny_weight_is_one_part(weights: list[float], parts: list[int]) -> None:
    assert whole_parts(weights) == parts

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aurora.errors import UserError
from aurora.tokens.mixture import Change, Mixture, _mixed, _round_keys, beginning, permuted

WEIGHTS = {"web/en": 0.5, "web/fi": 0.2, "code/code": 0.25, "web/hi": 0.05}
SEQUENCES = {"web/en": 10, "web/fi": 5, "code/code": 6, "web/hi": 1}


def of_text(
    weights: Mapping[str, float],
    sequences: Mapping[str, int],
    seed: int = 1,
    stage: str = "cap",
    changes: Sequence[Change] = (),
) -> Mixture:
    """A mixture of sources whose every token has a loss."""
    loss_tokens = {name: 64 * count for name, count in sequences.items()}
    return Mixture(weights, sequences, loss_tokens, seed, stage, changes)


def mixture(seed: int = 1, stage: str = "cap") -> Mixture:
    return of_text(WEIGHTS, SEQUENCES, seed, stage)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 13, 97, 997, 15, 16, 17, 31, 32, 33, 255, 256, 257, 1023, 1024, 1025])
def test_the_order_of_a_pass_is_a_permutation(size: int) -> None:
    assert sorted(permuted(i, size, "key") for i in range(size)) == list(range(size))


@given(st.integers(1, 3000), st.text(max_size=12))
@settings(deadline=None, max_examples=30)
def test_the_order_is_a_permutation_for_any_size_and_key(size: int, key: str) -> None:
    assert len({permuted(i, size, key) for i in range(size)} & set(range(size))) == size


def inverse(image: int, size: int, key: str) -> int:
    """The position that `permuted` brings to `image`: its rounds backwards, walked until inside."""
    half = ((size - 1).bit_length() + 1) // 2
    mask = (1 << half) - 1
    value = image
    while True:
        left, right = value >> half, value & mask
        for round_key in reversed(_round_keys(key)):
            left, right = right ^ (_mixed(left ^ round_key) & mask), left
        value = (left << half) | right
        if value < size:
            return value


@given(st.sampled_from([2, 3, 65_537, 2**31 - 1, 2**31, 2**31 + 1, 2**61 - 1]), st.data())
@settings(deadline=None, max_examples=80)
def test_the_order_of_an_awkward_size_can_be_turned_back(size: int, data: st.DataObject) -> None:
    """A map of a finite set to itself that has an inverse at every place is a bijection."""
    place = data.draw(st.integers(0, size - 1))
    image = permuted(place, size, "key")
    assert 0 <= image < size
    assert inverse(image, size, "key") == place
    assert permuted(inverse(place, size, "key"), size, "key") == place


@pytest.mark.parametrize("size", [0, 1])
def test_an_order_of_nothing_or_one_is_nothing_to_order(size: int) -> None:
    assert permuted(0, size, "key") == 0


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


@given(
    st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.integers(1, 999), min_size=1, max_size=6),
    st.integers(0, 5000),
)
@settings(deadline=None, max_examples=80)
def test_counts_are_those_of_the_sequences_and_of_the_shares(weights: dict[str, int], n: int) -> None:
    decimals = {name: weight / 1000 for name, weight in weights.items()}
    made = of_text(decimals, dict.fromkeys(decimals, 1000))
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
    one, two = mixture(), of_text(dict(reversed(WEIGHTS.items())), dict(reversed(SEQUENCES.items())))
    forward = [one.sequence(n) for n in range(300)]
    assert [two.sequence(n) for n in reversed(range(300))] == forward[::-1]
    assert two.sequence(10**12) == one.sequence(10**12)


def test_seed_and_stage_give_another_order_of_the_same_shares() -> None:
    orders = [[made.sequence(n) for n in range(100)] for made in (mixture(), mixture(seed=2), mixture(stage="cat"))]
    assert orders[0] != orders[1] != orders[2] != orders[0]
    assert len({tuple(window.source for window in order) for order in orders}) == 1


def test_weights_of_the_same_ratio_are_the_same_mixture() -> None:
    tenfold = of_text({name: 10 * weight for name, weight in WEIGHTS.items()}, SEQUENCES)
    assert [tenfold.sequence(n) for n in range(100)] == [mixture().sequence(n) for n in range(100)]


def test_a_source_shorter_than_a_sequence_is_refused() -> None:
    with pytest.raises(UserError, match=r"The source web/fi is shorter than one sequence of stage cap"):
        of_text(WEIGHTS, SEQUENCES | {"web/fi": 0})


@given(
    st.dictionaries(
        st.text("abcdef", min_size=1, max_size=3),
        st.tuples(st.integers(1, 999), st.integers(1, 40), st.integers(1, 4000)),
        min_size=1,
        max_size=6,
    ),
    st.integers(1, 5000),
)
@settings(deadline=None, max_examples=80)
def test_weights_count_tokens_with_a_loss(sources: dict[str, tuple[int, int, int]], n: int) -> None:
    """Sequences of a source hold `loss / count` of them on average: turns are exact to a sequence in rows of each."""
    weights = {name: weight / 1000 for name, (weight, _, _) in sources.items()}
    counts = {name: count for name, (_, count, _) in sources.items()}
    loss_tokens = {name: count * loss for name, (_, count, loss) in sources.items()}
    found = Mixture(weights, counts, loss_tokens, 1, "cap").counts(n)
    sequences = {name: Fraction(weight, loss) for name, (weight, _, loss) in sources.items()}
    total = sum(sequences.values())
    # Periods beyond LONGEST_DEAL may be late by a sequence now and then.
    assert all(abs(found[name] - part * n / total) < 2 for name, part in sequences.items())


def test_a_source_with_few_loss_tokens_has_more_sequences() -> None:
    """10 of 100 tokens with a loss, and 100 of 100: ten sequences of the one for each of the other."""
    made = Mixture({"a/en": 1, "b/en": 1}, {"a/en": 7, "b/en": 30}, {"a/en": 700, "b/en": 300}, 1, "cap")
    assert made.counts(1100) == {"a/en": 100, "b/en": 1000}


@pytest.mark.parametrize("size", [1, 2, 3, 97, 256, 257, 1025])
def test_the_beginning_of_a_pass_is_that_of_its_sequences(size: int) -> None:
    for count in {0, 1, size // 2, size}:
        assert beginning(count, size, "key").tolist() == [permuted(place, size, "key") for place in range(count)]
    large = beginning(50, 2**31 + 1, "key").tolist()
    assert large == [permuted(place, 2**31 + 1, "key") for place in range(50)]


def test_passes_hold_what_was_read() -> None:
    made = mixture()
    windows = [made.sequence(n) for n in range(400)]
    for name, count in made.counts(400).items():
        epochs, begun = made.passes(name, count)
        last = [window.index for window in windows if window.source == name and window.epoch == epochs]
        assert (epochs, begun.tolist()) == (count // SEQUENCES[name], last)


CHANGES = [Change(100, {"web/en": 1, "web/fi": 3}), Change(250, {"web/hi": 1, "news/vi": 2.5, "web/en": 0.7})]
MORE = SEQUENCES | {"news/vi": 9}


def changed(changes: list[Change]) -> Mixture:
    return of_text(WEIGHTS, MORE, changes=changes)


def test_a_change_leaves_everything_before_it_alone() -> None:
    orders = [[changed(CHANGES[:count]).sequence(n) for n in range(400)] for count in range(3)]
    assert orders[0] == [mixture().sequence(n) for n in range(400)]
    assert orders[1][:100] == orders[0][:100]
    assert orders[1][100:] != orders[0][100:]
    assert orders[2][:250] == orders[1][:250]
    assert {window.source for window in orders[1][100:250]} == {"web/en", "web/fi"}
    assert {window.source for window in orders[2][250:]} == {"web/hi", "news/vi", "web/en"}


def test_sources_go_on_where_they_stood_when_the_weights_change() -> None:
    made = changed(CHANGES)
    order: dict[str, list[tuple[int, int]]] = {name: [] for name in MORE}
    for n in range(600):
        assert made.counts(n) == {name: len(found) for name, found in order.items()}
        window = made.sequence(n)
        order[window.source].append((window.epoch, window.index))
    for name, found in order.items():
        assert [epoch for epoch, _ in found] == [i // MORE[name] for i in range(len(found))]
        for start in range(0, len(found) - MORE[name], MORE[name]):
            assert sorted(index for _, index in found[start : start + MORE[name]]) == list(range(MORE[name]))


@given(st.integers(0, 80), st.lists(st.tuples(st.integers(1, 60), st.integers(1, 9), st.integers(1, 9)), max_size=4))
@settings(deadline=None, max_examples=40)
def test_editing_a_change_never_reaches_back(n: int, edits: list[tuple[int, int, int]]) -> None:
    first, changes = 0, []
    for length, one, two in edits:
        first += length
        changes.append(Change(first, {"web/en": one, "web/fi": two}))
    for count, change in enumerate(changes):
        if n < change.first:
            assert changed(changes).sequence(n) == changed(changes[:count]).sequence(n)


@pytest.mark.parametrize("firsts", [[0], [5, 5], [9, 3]])
def test_changes_out_of_order_are_refused(firsts: list[int]) -> None:
    with pytest.raises(ValueError, match="come after"):
        changed([Change(first, WEIGHTS) for first in firsts])

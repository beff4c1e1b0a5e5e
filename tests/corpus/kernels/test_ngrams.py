"""Repeated runs beside counting them one by one, and the table of names that outlives a document."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.corpus.kernels import ngrams
from aurora.corpus.kernels.batch_statistics import measure

# The helpers as plain Python: compiled alone they would take longer than all tests of the kernels.
slots_of, room, named = (helper.py_func for helper in (ngrams.slots_of, ngrams.room, ngrams.named))
WORDS = st.lists(st.sampled_from(["a", "bb", "ccc"]), min_size=1, max_size=60)


def shares(words: list[str]) -> dict[str, float]:
    """The shares of characters in repeated runs, of words with single spaces between."""
    row: dict[str, float] = measure(pa.array([" ".join(words)], pa.large_string()), ["en"]).to_pylist()[0]
    return {name: value for name, value in row.items() if name.endswith(("_gram", "_grams"))}


def counted(words: list[str]) -> dict[str, float]:
    """The same, by counting every run."""
    characters = len(" ".join(words))
    found: dict[str, float] = {}
    for length in range(2, 11):
        runs = [tuple(words[start : start + length]) for start in range(len(words) - length + 1)]
        counts = Counter(runs)  # keeps the order of the first occurrences, which `max` prefers
        if length <= ngrams.LONGEST_TOP:
            top = max(counts, key=lambda run: counts[run], default=())
            found[f"top_{length}_gram"] = len(" ".join(top)) * counts[top] / characters
            continue
        seen: set[tuple[str, ...]] = set()
        repeated = start = 0
        while start < len(runs):
            again = runs[start] in seen
            seen.add(runs[start])
            repeated += len("".join(runs[start])) if again else 0
            start += length if again else 1
        found[f"duplicate_{length}_grams"] = repeated / characters
    return found


@given(WORDS)
def test_shares_are_those_of_counting_every_run(words: list[str]) -> None:
    assert shares(words) == counted(words)


@pytest.mark.parametrize("period", [1, 7, 400])
def test_a_text_that_goes_round_is_made_of_its_runs(period: int) -> None:
    words = [f"w{number % period}" for number in range(3000)]
    found = shares(words)
    assert found == counted(words)
    assert found["duplicate_10_grams"] > (0.6 if period < 400 else 0.5)


def test_without_repetition_there_are_no_repeated_runs() -> None:
    found = shares([f"w{number}" for number in range(5000)])
    assert {found[f"duplicate_{length}_grams"] for length in range(5, 11)} == {0.0}


@given(st.integers(0, 100_000))
def test_a_part_of_the_table_is_a_power_of_two_and_half_full_at_most(number: int) -> None:
    shift, mask = (int(value) for value in slots_of(number))
    slots = mask + 1
    assert slots == 1 << (64 - shift)
    assert 2 * number <= slots
    assert slots == 16 or slots < 4 * number  # and no larger than it must be


def test_room_is_made_once_and_then_used_again() -> None:
    nothing = np.empty(0, np.int32)
    runs = room(ngrams.Runs(nothing, nothing, nothing, nothing, nothing, np.zeros(64, np.uint64)), 100, 40)
    assert {len(array) for array in runs[:5]} == {1024}
    assert len(runs.table) // 2 == 256  # slots, of which 100 tokens fill a half at most
    assert room(runs, 127, 40) is runs
    larger = room(runs, 2000, 9000)
    assert {len(array) for array in larger[:5]} == {2251}
    assert len(larger.table) // 2 == 32768
    assert not larger.table.any()


@given(st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 3), max_size=8), st.integers(1, 50))
def test_equal_keys_have_a_name_and_those_of_earlier_documents_are_forgotten(keys: list[int], first: int) -> None:
    table = np.zeros(2 * 16, np.uint64)
    shift, mask = slots_of(8)
    with np.errstate(over="ignore"):  # a product keeps its low bits
        for start in (first, first + len(keys)):  # two documents with the same keys
            names: dict[int, int] = {}
            for key in keys:
                following = start + len(names)
                name = named(table, np.uint64(key), shift, mask, np.uint64(start), np.uint64(following))
                assert name == names.setdefault(key, following)

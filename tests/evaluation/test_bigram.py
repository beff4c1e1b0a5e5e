from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.evaluation.bigram import train_bigram
from aurora.evaluation.bits_per_byte import Windows

VOCABULARY = 12
streams = st.lists(st.integers(0, VOCABULARY - 1), min_size=2, max_size=80)


@given(st.lists(streams, min_size=1, max_size=3), st.integers(0, VOCABULARY - 1))
def test_probabilities_of_every_context_sum_to_one(found: list[list[int]], first: int) -> None:
    bigram = train_bigram([np.array(stream, dtype=np.uint16) for stream in found], VOCABULARY)
    second = np.arange(VOCABULARY)
    probabilities = bigram.probabilities(np.full(VOCABULARY, first), second)
    assert (probabilities > 0).all()
    assert probabilities.sum() == pytest.approx(1)


def test_it_learns_what_follows_what() -> None:
    bigram = train_bigram([np.array([1, 2, 3] * 200 + [4, 5])], VOCABULARY)
    assert bigram.probabilities(np.array([1]), np.array([2]))[0] > 0.98
    assert bigram.probabilities(np.array([1]), np.array([3]))[0] < 0.01


def test_bits_per_byte_counts_only_marked_targets() -> None:
    bigram = train_bigram([np.array([1, 2] * 500)], VOCABULARY)
    tokens = np.array([[1, 2, 1, 9]])
    mask = np.array([[True, True, False]])
    expected = -np.log2(bigram.probabilities(np.array([1, 2]), np.array([2, 1]))).sum() / 10
    assert bigram.bits_per_byte(Windows(tokens, mask, 10)) == pytest.approx(expected)
    assert math.isnan(bigram.bits_per_byte(Windows(tokens, mask, 0)))


def test_an_empty_corpus_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one stream"):
        train_bigram([], VOCABULARY)

"""pass@k against the product of the paper and against all draws."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.evaluation.code.passing import pass_at_k


@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n))))
def test_as_the_product_that_the_paper_computes(numbers: tuple[int, int, int]) -> None:
    n, c, k = numbers
    published = 1.0 if n - c < k else 1.0 - float(np.prod(1.0 - k / np.arange(n - c + 1, n + 1)))
    assert pass_at_k(n, c, k) == pytest.approx(published, abs=1e-12)


@pytest.mark.parametrize(("n", "c", "k"), [(6, 2, 1), (6, 2, 3), (6, 0, 2), (6, 6, 4), (5, 1, 5)])
def test_the_share_of_draws_that_hold_one_that_passed(n: int, c: int, k: int) -> None:
    draws = list(itertools.combinations([1] * c + [0] * (n - c), k))
    assert pass_at_k(n, c, k) == pytest.approx(sum(map(any, draws)) / len(draws))


@pytest.mark.parametrize("numbers", [(5, 6, 1), (5, -1, 1), (5, 2, 0), (5, 2, 6), (0, 0, 1)])
def test_what_cannot_be_told(numbers: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="cannot be told"):
        pass_at_k(*numbers)

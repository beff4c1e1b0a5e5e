"""Components of variance against a table worked out by hand, and against those that made the numbers."""

from __future__ import annotations

import numpy as np
import pytest

from aurora.evaluation.statistics.estimates import estimate
from aurora.evaluation.statistics.variance import split


def test_two_factors_worked_out_by_hand() -> None:
    # Means of rows 2, 4, 6; of columns 3, 5; what is left is 0. Mean squares: rows 8, columns 6, both together 0.
    found = split([[1.0, 3.0], [3.0, 5.0], [5.0, 7.0]])
    assert found.components == pytest.approx({("items",): 4.0, ("wordings",): 2.0, ("items", "wordings"): 0.0})
    assert found.shares == pytest.approx({("items",): 2 / 3, ("wordings",): 1 / 3, ("items", "wordings"): 0.0})
    assert found.error_of_mean() == pytest.approx((4 / 3 + 2 / 2) ** 0.5)
    assert found.error_of_mean(items=300) == pytest.approx((4 / 300 + 2 / 2) ** 0.5)


def test_items_alone_are_the_usual_error() -> None:
    scores = np.random.default_rng(1).random(40)
    assert split(scores).error_of_mean() == pytest.approx(estimate(scores).error)
    assert split(scores[:, None, None]).components == pytest.approx({("items",): scores.var(ddof=1)})


def test_components_that_made_the_numbers_are_found() -> None:
    generator = np.random.default_rng(5)
    sizes = 400, 40, 30
    true = {("items",): 0.5, ("wordings",): 0.2, ("seeds",): 0.1, ("items", "wordings"): 0.3, ("items", "seeds"): 0.05}
    table = np.zeros(sizes)
    for factors, part in true.items():
        shape = [
            size if name in factors else 1 for name, size in zip(("items", "wordings", "seeds"), sizes, strict=True)
        ]
        table = table + generator.normal(scale=part**0.5, size=shape)
    table += generator.normal(scale=0.7**0.5, size=sizes)
    found = split(table).components
    assert found["items",] == pytest.approx(0.5, rel=0.25)
    assert found["wordings",] == pytest.approx(0.2, rel=0.6)
    assert found["seeds",] == pytest.approx(0.1, rel=0.6)
    assert found["items", "wordings"] == pytest.approx(0.3, rel=0.1)
    assert found["items", "seeds"] == pytest.approx(0.05, rel=0.1)
    assert found["wordings", "seeds"] == pytest.approx(0.0, abs=0.01)
    assert found["items", "wordings", "seeds"] == pytest.approx(0.7, rel=0.05)


def test_scores_that_do_not_differ_have_no_parts() -> None:
    found = split(np.ones((3, 2)))
    assert set(found.components.values()) == {0.0}
    assert found.shares == {}
    assert found.error_of_mean() == 0
    assert split([[1.0]]).components == {}


@pytest.mark.parametrize(
    "table", [[], [[1.0, float("nan")]], 3.0, np.zeros((2, 2, 2, 2))], ids=["none", "hole", "one", "four"]
)
def test_what_is_no_table(table: object) -> None:
    with pytest.raises(ValueError, match="A table of scores"):
        split(table)  # type: ignore[arg-type]

"""Where the spread of scores comes from: items, wordings, seeds, or how they go together.

One decision: all are drawn at random from more that could have been asked, so their parts are components of variance,
estimated by the analysis of variance of a crossed table (Searle, Casella and McCulloch 1992, chapter 4). What a score's
error would be with twice the items or wordings follows from them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from aurora.evaluation.statistics.estimates import Floats

FACTORS = ("items", "wordings", "seeds")


@dataclass(frozen=True)
class Split:
    """Components of variance, by the factors that go together; what has one level only is not among them."""

    components: Mapping[tuple[str, ...], float]
    levels: Mapping[str, int]

    @property
    def shares(self) -> dict[tuple[str, ...], float]:
        """Each component as a share of their sum; empty where scores do not differ."""
        total = sum(self.components.values())
        return {factors: part / total for factors, part in self.components.items()} if total > 0 else {}

    def error_of_mean(self, **levels: int) -> float:
        """Standard error of the mean score, with other numbers of items, wordings or seeds if they are given."""
        many = {**self.levels, **levels}
        parts = (part / math.prod(many[factor] for factor in factors) for factors, part in self.components.items())
        return float(np.sqrt(sum(parts)))


def split(scores: ArrayLike) -> Split:
    """The components of a table of scores, items x wordings x seeds; the last axes may be left out.

    A component that comes out negative is 0. `ValueError` for a table that is empty, has holes or more axes.
    """
    table = np.asarray(scores, np.float64)
    if not 1 <= table.ndim <= len(FACTORS) or not table.size or not np.isfinite(table).all():
        raise ValueError("A table of scores has items, wordings and seeds, each at least once, and no holes.")
    axes = [axis for axis in range(table.ndim) if table.shape[axis] > 1]
    levels = {FACTORS[axis]: table.shape[axis] for axis in range(table.ndim)}
    subsets = [part for size in range(1, len(axes) + 1) for part in combinations(axes, size)]
    squares = {part: _mean_square(table, part) for part in subsets}
    components = {}
    for part in subsets:
        # The expected mean square of a set of factors adds up the components of all sets that hold it.
        own = sum((-1) ** (len(one) - len(part)) * squares[one] for one in subsets if set(part) <= set(one))
        repeats = math.prod(table.shape[axis] for axis in axes if axis not in part)
        components[tuple(FACTORS[axis] for axis in part)] = max(0.0, own / repeats)
    return Split(components, levels)


def _mean_square(table: Floats, part: tuple[int, ...]) -> float:
    """The mean square of what factors do together beyond what fewer of them do."""
    effect = np.zeros_like(table)
    for size in range(len(part) + 1):
        for kept in combinations(part, size):
            others = tuple(axis for axis in range(table.ndim) if axis not in kept)
            effect += (-1) ** (len(part) - size) * table.mean(axis=others, keepdims=True)
    freedom: int = math.prod(table.shape[axis] - 1 for axis in part)
    return float((effect**2).sum()) / freedom

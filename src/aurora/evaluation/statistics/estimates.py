"""A mean of item scores with its standard error and its 95 % interval.

One decision: the error is that of the clusters (items of one document, wordings of one question), and the interval is
one that holds for few of them: Student's t for scores, Wilson's for rates, with as many items as the clusters are
worth. A rate of 0 or 1 has an interval too; a single cluster has none.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.95  # of every interval in a report, as is usual in the field
UPPER = (1 + LEVEL) / 2  # half of what is left out lies above an interval
NORMAL = NormalDist()
# Beyond so many degrees of freedom Student's t is the normal distribution to four digits.
MOST_DEGREES = 2000

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A mean, its standard error and its 95 % interval; NaN where one cluster leaves them unknown."""

    mean: float
    error: float
    low: float
    high: float
    items: int
    clusters: int


def estimate(scores: Sequence[float] | Floats, clusters: Sequence[Hashable] | None = None) -> Estimate:
    """The mean of `scores`, one an item; items that share an entry of `clusters` are one piece of evidence.

    Scores that are all 0 or 1 are a rate. Raises `ValueError` without items, for a score that is no number and for
    clusters of another length.
    """
    values = checked(scores)
    labels = numbered(clusters, len(values))
    mean = float(values.mean())
    num_clusters = int(labels.max()) + 1
    error = error_of_mean(values, labels)
    if np.isin(values, (0.0, 1.0)).all():
        low, high = _interval_of_rate(mean, values, labels, error)
    else:
        half = student_quantile(UPPER, num_clusters - 1) * error if num_clusters > 1 else math.nan
        low, high = mean - half, mean + half
    return Estimate(mean, error, low, high, len(values), num_clusters)


def _interval_of_rate(rate: float, values: Floats, labels: NDArray[np.int64], error: float) -> tuple[float, float]:
    num_clusters = int(labels.max()) + 1
    if num_clusters == len(values):
        return wilson_interval(rate, len(values))
    if num_clusters < 2:
        return math.nan, math.nan
    # What the items are worth is itself measured, on as many clusters: Student's quantile allows for that.
    return wilson_interval(rate, worth_in_items(values, labels, error), student_quantile(UPPER, num_clusters - 1))


def wilson_interval(rate: float, trials: float, quantile: float = 0.0) -> tuple[float, float]:
    """95 % interval of a rate seen in `trials` independent trials (Wilson 1927); `quantile` in place of the normal
    distribution's."""
    z = quantile or NORMAL.inv_cdf(UPPER)
    divisor = 1 + z * z / trials
    centre = (rate + z * z / (2 * trials)) / divisor
    half = z * math.sqrt(rate * (1 - rate) / trials + z * z / (4 * trials * trials)) / divisor
    # At 0 and 1 the bound is the rate itself, which rounding would miss by the last digit.
    return 0.0 if rate == 0 else centre - half, 1.0 if rate == 1 else centre + half


def error_of_mean(values: Floats, labels: NDArray[np.int64]) -> float:
    """Standard error of the mean of `values` whose clusters are numbered by `labels`; NaN for a single cluster.

    The sum of each cluster's deviations is one observation (Liang and Zeger 1986), with the factor G / (G - 1) for G
    clusters; when each item is its own cluster that is the usual error of a mean.
    """
    num_clusters = int(labels.max()) + 1
    if num_clusters < 2:
        return math.nan
    sums = np.bincount(labels, weights=values - values.mean(), minlength=num_clusters)
    return float(np.sqrt((sums**2).sum() * num_clusters / (num_clusters - 1))) / len(values)


def worth_in_items(values: Floats, labels: NDArray[np.int64], error: float) -> float:
    """How many independent items would have this error: at most as many as there are, at least one a cluster where
    items of a cluster always agree."""
    num_items, num_clusters = len(values), int(labels.max()) + 1
    if num_clusters == num_items:
        return num_items
    if not error > 0:  # all alike: nothing says how far a cluster's items are of one mind
        return num_clusters
    independent = float(values.var()) / (error * error)
    # Few clusters measure their own design effect badly; more than the items there are is luck.
    return min(max(independent, 1.0), num_items)


def checked(scores: Sequence[float] | Floats) -> Floats:
    """Scores as an array; `ValueError` where there are none or one is no finite number."""
    values = np.asarray(scores, np.float64)
    if values.ndim != 1 or not len(values):
        raise ValueError("No items: an estimate needs at least one score.")
    if not np.isfinite(values).all():
        raise ValueError(f"The score of item {int(np.argmin(np.isfinite(values)))} is no finite number.")
    return values


def numbered(clusters: Sequence[Hashable] | None, num_items: int) -> NDArray[np.int64]:
    """Clusters as numbers from 0 in the order in which they appear; each item its own without any."""
    if clusters is None:
        return np.arange(num_items)
    if len(clusters) != num_items:
        raise ValueError(f"{len(clusters)} clusters were given for {num_items} items.")
    seen: dict[Hashable, int] = {}
    return np.array([seen.setdefault(cluster, len(seen)) for cluster in clusters])


@cache  # half a millisecond for a hundred degrees, and a suite asks for few numbers of them
def student_quantile(probability: float, degrees: int) -> float:
    """The value that a t-distributed number with whole `degrees` of freedom stays below with `probability` >= 0.5."""
    if degrees > MOST_DEGREES:
        return NORMAL.inv_cdf(probability)
    low, high = 0.0, 1.0
    while student_cdf(high, degrees) < probability:
        high *= 2
    for _ in range(60):  # halves the interval to the last digit
        middle = (low + high) / 2
        low, high = (middle, high) if student_cdf(middle, degrees) < probability else (low, middle)
    return high


def student_cdf(value: float, degrees: int) -> float:
    """P(T < value) for value >= 0 and whole degrees of freedom: Abramowitz and Stegun 26.7.3 and 26.7.4."""
    angle = math.atan2(value, math.sqrt(degrees))
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = degrees % 2
    term = cosine if odd else 1.0
    total = term if degrees > 1 else 0.0
    for number in range(2 + odd, degrees - 1, 2):
        term *= cosine * cosine * (number - 1) / number
        total += term
    inside = 2 / math.pi * (angle + sine * total) if odd else sine * total
    return (1 + inside) / 2

"""Two checkpoints on the same items: what changed, how sure that is, and the verdict.

One decision: only differences of paired items count, and a verdict other than *cannot tell* needs an interval that
excludes zero, after Holm's correction over all tasks, in every wording that was asked.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from aurora.evaluation.statistics.estimates import LEVEL, NORMAL, UPPER, Floats, checked, error_of_mean, numbered

Verdict = Literal["gained", "forgot", "cannot tell"]
Task = TypeVar("Task", bound=Hashable)
RESAMPLES = 4000  # the 95 % point of a bootstrap then lies within about 0.7 % of where more would put it
SEED = 2404_00399  # of the bootstrap, so that a comparison made again says the same
# Work on so many numbers of resamples at a time: 64 MB.
NUMBERS_AT_A_TIME = 1 << 23
ROUNDING = 1e-12  # of a sum of squares: what is left of one that is nothing
_POWER = 0.8  # how often a change of the size that `smallest_change` gives is seen


@dataclass(frozen=True)
class Comparison:
    """The mean of after - before with its 95 % interval, and how often chance alone gives as much (two-sided)."""

    difference: float
    low: float
    high: float
    p_value: float
    items: int
    clusters: int

    @property
    def verdict(self) -> Verdict:
        """Of this comparison alone: higher scores are better."""
        if math.isnan(self.low) or self.low <= 0 <= self.high or self.p_value > 1 - LEVEL:
            return "cannot tell"
        return "gained" if self.difference > 0 else "forgot"


def compare(
    before: Sequence[float] | Floats, after: Sequence[float] | Floats, clusters: Sequence[Hashable] | None = None
) -> Comparison:
    """Compare the scores of the same items; items that share an entry of `clusters` are one piece of evidence.

    Right and wrong answers (1 and 0) of independent items take McNemar's exact test and the interval of Bonett and
    Price (2012), which holds for few items; all else a studentised bootstrap of the clusters. Raises `ValueError` where
    the items differ in number.
    """
    first, second = checked(before), checked(after)
    if len(first) != len(second):
        raise ValueError(f"{len(first)} items before and {len(second)} after: only the same items can be compared.")
    differences = second - first
    labels = numbered(clusters, len(differences))
    num_clusters = int(labels.max()) + 1
    answers = np.isin(first, (0.0, 1.0)).all() and np.isin(second, (0.0, 1.0)).all()
    if answers and num_clusters == len(differences):
        lost, won = int((differences < 0).sum()), int((differences > 0).sum())
        low, high = _bonett_price(lost, won, len(differences))
        p_value = mcnemar(lost, won)
    else:
        low, high, p_value = _bootstrap(differences, labels)
    return Comparison(float(differences.mean()), low, high, p_value, len(differences), num_clusters)


def mcnemar(lost: int, won: int) -> float:
    """Two-sided p-value of McNemar's exact test: `lost` items went from right to wrong, `won` the other way."""
    changed = lost + won
    tail = sum(math.comb(changed, number) for number in range(min(lost, won) + 1))
    return min(1.0, 2 * tail / (1 << changed))


def holm(p_values: Mapping[Task, float]) -> dict[Task, float]:
    """Adjusted p-values of several tasks: below 0.05 with at most 5 % risk of a single false one (Holm 1979)."""
    adjusted: dict[Task, float] = {}
    least = 0.0
    for rank, task in enumerate(sorted(p_values, key=p_values.__getitem__)):
        least = max(least, min(1.0, p_values[task] * (len(p_values) - rank)))
        adjusted[task] = least
    return {task: adjusted[task] for task in p_values}


def verdicts(tasks: Mapping[Task, Sequence[Comparison]]) -> dict[Task, Verdict]:
    """The verdict of every task, from its comparisons in one or more wordings.

    A task's p-value is the largest of its wordings, so that it is sure in all of them; Holm's correction runs over the
    tasks. Wordings that disagree leave it untold.
    """
    sure = holm({task: max(one.p_value for one in wordings) for task, wordings in tasks.items()})
    found: dict[Task, Verdict] = {}
    for task, wordings in tasks.items():
        said = {one.verdict for one in wordings}
        found[task] = said.pop() if len(said) == 1 and sure[task] <= 1 - LEVEL else "cannot tell"
    return found


def smallest_change(
    before: Sequence[float] | Floats, after: Sequence[float] | Floats, clusters: Sequence[Hashable] | None = None
) -> float:
    """The smallest true change that these items would show four times in five; NaN for a single cluster.

    Follows from how far the items' differences spread, so it speaks of pairs of checkpoints as unlike as these two.
    """
    differences = checked(after) - checked(before)
    error = error_of_mean(differences, numbered(clusters, len(differences)))
    return (NORMAL.inv_cdf(UPPER) + NORMAL.inv_cdf(_POWER)) * error


def _bonett_price(lost: int, won: int, num_items: int) -> tuple[float, float]:
    """95 % interval of the difference of two paired rates, with one item more of each kind of change."""
    worse, better = (lost + 1) / (num_items + 2), (won + 1) / (num_items + 2)
    half = NORMAL.inv_cdf(UPPER) * math.sqrt((worse + better - (better - worse) ** 2) / (num_items + 2))
    return max(-1.0, better - worse - half), min(1.0, better - worse + half)


def _bootstrap(differences: Floats, labels: NDArray[np.int64]) -> tuple[float, float, float]:
    """Interval and p-value of a mean difference from resampled clusters, each mean measured by its own error."""
    error = error_of_mean(differences, labels)
    if not error > 0:  # one cluster, or no two items differ: chance cannot be seen
        return math.nan, math.nan, 1.0
    mean = float(differences.mean())
    distances = np.abs(_resampled(differences, labels))
    half = float(np.quantile(distances, LEVEL, method="higher")) * error
    as_far = int((distances >= abs(mean) / error).sum())
    return mean - half, mean + half, (1 + as_far) / (1 + len(distances))


def _resampled(differences: Floats, labels: NDArray[np.int64]) -> Floats:
    """(mean of a resample - mean) / error of the resample, for `RESAMPLES` draws of clusters with replacement."""
    num_clusters = int(labels.max()) + 1
    sums = np.bincount(labels, weights=differences, minlength=num_clusters)
    sizes = np.bincount(labels, minlength=num_clusters).astype(np.float64)
    columns = np.stack([sums, sizes, sums * sums, sums * sizes, sizes * sizes], axis=1)
    mean = differences.mean()
    parts = []
    for times in _draws(num_clusters):
        total, items, squares, products, sizes_squared = (times @ columns).T
        means = total / items
        # The sum of (sum of a cluster - mean x its size) squared, multiplied out so that no resample is written down.
        spread = squares - means * (2 * products - means * sizes_squared)
        spread[spread <= ROUNDING * squares] = 0.0  # clusters that are all alike
        errors = np.sqrt(spread * (num_clusters / (num_clusters - 1))) / items
        with np.errstate(divide="ignore", invalid="ignore"):  # a resample of one cluster alone is as far as can be
            parts.append(np.where(errors > 0, (means - mean) / errors, np.inf))
    return np.concatenate(parts)


def _draws(num_clusters: int) -> Iterable[Floats]:
    """How often each cluster is drawn in every resample [resamples, clusters], in parts that fit into memory."""
    if RESAMPLES * num_clusters <= NUMBERS_AT_A_TIME:
        return (_kept_draws(num_clusters),)
    return _drawn(num_clusters)


@lru_cache(maxsize=2)  # tasks are compared one after the other, each several times with the same clusters
def _kept_draws(num_clusters: int) -> Floats:
    return np.concatenate(list(_drawn(num_clusters)))


def _drawn(num_clusters: int) -> Iterator[Floats]:
    generator = np.random.default_rng(SEED)
    for start in range(0, RESAMPLES, at_a_time := max(1, NUMBERS_AT_A_TIME // num_clusters)):
        draws = min(at_a_time, RESAMPLES - start)
        times = generator.multinomial(num_clusters, np.full(num_clusters, 1 / num_clusters), size=draws)
        yield times.astype(np.float64)

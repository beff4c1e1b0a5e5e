"""How far a judge agrees with people: Cohen's kappa, with an interval that counts prompts.

One decision: several models answer one prompt, and their answers are alike; so the interval comes from resampling
prompts with all their answers (a cluster bootstrap), never single answers. Where kappa is not defined it is None: one
of the two said the same of every answer.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2_000
SEED = 24
LEVEL = 0.95
_AT_ONCE = 4_000_000  # numbers drawn at a time, so that memory is bounded

Counts = NDArray[np.float64]


@dataclass(frozen=True)
class Agreement:
    """Cohen's kappa of two yes-or-no judgements of the same answers, and its 95 % interval; None where undefined."""

    kappa: float | None
    low: float | None
    high: float | None
    agreed: float
    answers: int
    clusters: int


def agreement(first: Sequence[bool], second: Sequence[bool], clusters: Sequence[Hashable]) -> Agreement:
    """The agreement of two judgements; answers that share an entry of `clusters` are one piece of evidence.

    Raises `ValueError` without answers, and for lists of different lengths.
    """
    if not first or not len(first) == len(second) == len(clusters):
        raise ValueError("agreement needs two judgements and a cluster of each answer, and one answer or more")
    numbers = {cluster: number for number, cluster in enumerate(dict.fromkeys(clusters))}
    table = np.zeros((len(numbers), 4))
    kinds = 2 * np.asarray(first, dtype=np.int64) + np.asarray(second, dtype=np.int64)
    np.add.at(table, (np.array([numbers[cluster] for cluster in clusters]), kinds), 1)
    whole = table.sum(axis=0)
    low, high = _interval(table)
    kappa = float(kappas(whole[None])[0])
    return Agreement(
        kappa=None if np.isnan(kappa) else kappa,
        low=low,
        high=high,
        agreed=float(whole[0] + whole[3]) / len(first),
        answers=len(first),
        clusters=len(numbers),
    )


def kappas(counts: Counts) -> Counts:
    """Cohen's kappa of each row: answers that neither, only the second, only the first, and both say yes to."""
    neither, second, first, both = (counts / counts.sum(axis=1, keepdims=True)).T
    chance = (first + both) * (second + both) + (second + neither) * (first + neither)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(chance < 1 - 1e-12, (neither + both - chance) / (1 - chance), np.nan)


def _interval(table: Counts) -> tuple[float | None, float | None]:
    """The 95 % interval of kappa from clusters drawn with replacement; none where most draws have no kappa."""
    clusters = len(table)
    if clusters < 2:
        return None, None
    generator = np.random.default_rng(SEED)
    drawn: list[Counts] = []
    each = max(1, _AT_ONCE // clusters)
    for start in range(0, RESAMPLES, each):
        times = generator.multinomial(clusters, np.full(clusters, 1 / clusters), min(each, RESAMPLES - start))
        drawn.append(kappas(times @ table))
    found = np.concatenate(drawn)
    found = found[~np.isnan(found)]
    if 2 * len(found) < RESAMPLES:
        return None, None
    low, high = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)

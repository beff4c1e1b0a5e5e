"""How far reviewers agree: Cohen's kappa for each two of them, and Krippendorff's alpha for all together.

One decision: where a figure is not defined it is None with the reason, never 1 and never 0: no two people reviewed the
same item, or everybody used one label alone, so that agreement by chance is certain.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from aurora.redteam.review.log.state import State

Table = Iterable[Mapping[str, str]]  # for each item: reviewer -> label, without those who did not review it
NO_ITEMS = "no item has two reviews"
NO_SHARED = "they reviewed no item together"
ONE_LABEL = "only one label was used, so agreement by chance is certain"
DIGITS = 6


@dataclass(frozen=True)
class Figure:
    """A measure of agreement on a number of items, or why it is not defined."""

    value: float | None
    items: int
    why: str = ""

    def table(self) -> dict[str, Any]:
        """The figure as JSON."""
        rounded = None if self.value is None else round(self.value, DIGITS) + 0.0  # never -0.0
        return {"value": rounded, "items": self.items} | ({"why": self.why} if self.why else {})


def alpha(table: Table) -> Figure:
    """Krippendorff's alpha for nominal labels; items with fewer than two reviews do not count."""
    return alpha_of(Counter(_pattern(row.values()) for row in table))


def _pattern(labels: Iterable[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(Counter(labels).items()))


def alpha_of(patterns: Mapping[tuple[tuple[str, int], ...], int]) -> Figure:
    """The same from how many items have each pattern of labels: ((label, how often), ...), sorted."""
    totals: Counter[str] = Counter()
    apart, items = 0.0, 0
    for pattern, count in sorted(patterns.items()):
        values = sum(times for _, times in pattern)
        if values < 2 or not count:
            continue
        items += count
        for label, times in pattern:
            totals[label] += count * times
        apart += count * (values * values - sum(times * times for _, times in pattern)) / (values - 1)
    if not items:
        return Figure(None, 0, NO_ITEMS)
    total = sum(totals.values())
    chance = total * total - sum(one * one for one in totals.values())
    if not chance:
        return Figure(None, items, ONE_LABEL)
    return Figure(1 - (total - 1) * apart / chance, items)


def kappa(pairs: Iterable[tuple[str, str]]) -> Figure:
    """Cohen's kappa of two people, from the labels that they gave to each item."""
    return kappa_of(Counter(pairs))


def kappa_of(counted: Mapping[tuple[str, str], int]) -> Figure:
    """The same from how many items have each pair of labels."""
    total = sum(counted.values())
    if not total:
        return Figure(None, 0, NO_SHARED)
    left, right = Counter[str](), Counter[str]()
    for (one, other), count in counted.items():
        left[one] += count
        right[other] += count
    chance = sum(left[label] * right[label] for label in left)
    if chance == total * total:
        return Figure(None, total, ONE_LABEL)
    return Figure((_same(counted) * total - chance) / (total * total - chance), total)


def _same(counted: Mapping[tuple[str, str], int]) -> int:
    return sum(count for (one, other), count in counted.items() if one == other)


def agreement_table(state: State) -> dict[str, Any]:
    """All agreement of a project on labels and on categories, as JSON; what somebody adjudicated does not count."""
    reviewed = [sorted(item.reviews.items()) for item in state.items.values() if len(item.reviews) > 1]
    labels = (tuple((who, given.review.label) for who, given in row) for row in reviewed)
    categories = (tuple((who, given.review.category) for who, given in row) for row in reviewed)
    return {"labels": _of(Counter(labels)), "categories": _of(Counter(categories))}


def _of(rows: Mapping[tuple[tuple[str, str], ...], int]) -> dict[str, Any]:
    """The figures of how many items have each row of (reviewer, label), sorted by reviewer: few, however many items."""
    patterns: Counter[tuple[tuple[str, int], ...]] = Counter()
    shared: dict[tuple[str, str], Counter[tuple[str, str]]] = {}
    for row, count in rows.items():
        patterns[_pattern(label for _, label in row)] += count
        for (one, mine), (other, theirs) in combinations(row, 2):
            shared.setdefault((one, other), Counter())[mine, theirs] += count
    pairs = [
        {"reviewers": [one, other], "same": _same(counted), "kappa": kappa_of(counted).table()}
        for (one, other), counted in sorted(shared.items())
    ]
    return {"alpha": alpha_of(patterns).table(), "pairs": pairs}

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
    counted = Counter(pairs)
    total = sum(counted.values())
    if not total:
        return Figure(None, 0, NO_SHARED)
    left, right = Counter[str](), Counter[str]()
    for (one, other), count in counted.items():
        left[one] += count
        right[other] += count
    observed = sum(count for (one, other), count in counted.items() if one == other)
    chance = sum(left[label] * right[label] for label in left)
    if chance == total * total:
        return Figure(None, total, ONE_LABEL)
    return Figure((observed * total - chance) / (total * total - chance), total)


def agreement_table(state: State) -> dict[str, Any]:
    """All agreement of a project on labels and on categories, as JSON; what somebody adjudicated does not count."""
    return {
        "labels": _of(state, lambda review: review.label),
        "categories": _of(state, lambda review: review.category),
    }


def _of(state: State, said: Any) -> dict[str, Any]:
    rows = [
        {who: said(given.review) for who, given in item.reviews.items()}
        for item in state.items.values()
        if len(item.reviews) > 1
    ]
    shared: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for row in rows:
        for one, other in combinations(sorted(row), 2):
            shared.setdefault((one, other), []).append((row[one], row[other]))
    pairs = []
    for (one, other), labels in sorted(shared.items()):
        same = sum(mine == theirs for mine, theirs in labels)
        pairs.append({"reviewers": [one, other], "same": same, "kappa": kappa(labels).table()})
    return {"alpha": alpha(rows).table(), "pairs": pairs}

"""What results say whose items were asked until a budget was decided: verdicts that hold whenever one stops.

One decision: a verdict is computed from the items alone, as everywhere, and never read from a file; items are looked
at in the order in which they were asked, which their documents' names decide.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from aurora.errors import UserError
from aurora.evaluation.statistics.sequential import Watch, order_of, settle

Key = TypeVar("Key", bound=Hashable)
LARGEST = 300.0  # digits of an e-value that a file can hold


@dataclass(frozen=True)
class Watched:
    """A form of a `task`: of each document its items' differences, one for each wording; `offered` could be asked."""

    task: str
    budget: float
    offered: int
    documents: Mapping[str, Sequence[Sequence[float]]]

    @property
    def items(self) -> int:
        """How many were asked and scored."""
        return sum(map(len, self.documents.values()))


def changes_of(watched: Mapping[Key, Watched]) -> dict[Key, dict[str, Any]]:
    """The change of each, with its verdict; all verdicts hold at once. `UserError` for scores that are no shares."""
    for one in watched.values():
        check_shares(one.task, (row for rows in one.documents.values() for row in rows))
    watches = {key: Watch(one.budget, tasks=len(watched)) for key, one in watched.items()}
    for key, watch in watches.items():
        names = list(watched[key].documents)
        watch.see(mean_of(watched[key].documents[names[place]]) for place in order_of(watched[key].task, names))
    settle(watches.values())
    return {key: _change(watched[key], watch) for key, watch in watches.items()}


def mean_of(rows: Sequence[Sequence[float]]) -> list[float] | None:
    """Of a document's items the mean difference in each wording; None without any."""
    return [sum(values) / len(values) for values in zip(*rows, strict=True)] if rows else None


def check_shares(task: str, rows: Iterable[Sequence[float]]) -> None:
    """`UserError` where differences are not of scores between 0 and 1."""
    if any(abs(value) > 1 for row in rows for value in row):
        raise UserError(
            f"The scores of {task} do not lie between 0 and 1, so no budget can be held against them: leave out the "
            "budget, or this task."
        )


def checked_budget(budget: object) -> float:
    """A budget of a file; `ValueError` where it is no share of a score."""
    return Watch(float(budget)).budget  # type: ignore[arg-type]


def _change(watched: Watched, watch: Watch) -> dict[str, Any]:
    low, high = watch.interval
    return {
        "budget": watched.budget,
        "difference": watch.difference,
        "low": low,
        "high": high,
        "items": watched.items,
        "offered": watched.offered,
        "documents": watch.items,
        "e_forgot": _e_value(watch.most["forgot"]),
        "e_kept": _e_value(watch.most["kept"]),
        "tasks": watch.tasks,
        "smallest_change": None,
        "by_wording": watch.by_wording,
        "verdict": watch.decision,
    }


def _e_value(evidence: float) -> float:
    return math.exp(min(evidence, LARGEST * math.log(10)))

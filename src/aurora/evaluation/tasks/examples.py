"""Which examples a question shows: those of its own subject before all others, as MMLU is asked.

One decision: lm-eval draws examples without a look at the question, so what it draws from is put in order for each one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Row = dict[str, Any]


class Pools:
    """The examples of a task, in the order in which a question shows them: `by` is what they may share with it."""

    def __init__(self, examples: Sequence[Row], by: str) -> None:
        self._by, self._all = by, list(examples)
        self._named: dict[str, list[Row]] = {}
        for name in {row[by] for row in examples if row[by]}:
            own = [row for row in examples if row[by] == name]
            self._named[name] = own + [row for row in examples if row[by] != name]

    def name_of(self, row: Row) -> str:
        """What names the pool of a question; questions with one name show the same examples."""
        return row[self._by] if row[self._by] in self._named else ""

    def of(self, row: Row) -> list[Row]:
        """The examples of a question, the nearest first."""
        return self._named.get(row[self._by], self._all)

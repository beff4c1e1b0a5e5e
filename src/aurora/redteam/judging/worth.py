"""What a judge is worth, in the few words and figures that stand beside every figure of its verdicts.

One decision: they are recorded when answers are judged, not when a report is made; so a report never claims for old
verdicts what a newer judge is worth.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Worth:
    """A judge by name, and its agreement with people where somebody measured it: on which answers, and how many."""

    name: str
    kappa: float | None = None
    interval: tuple[float, float] | None = None
    data: str = ""
    answers: int = 0
    languages: list[str] = field(default_factory=list)

    def words(self) -> str:
        """`rules 3, kappa .83 on XSTest, 2,250 answers`."""
        if not self.data:
            return f"{self.name}, agreement with people not measured"
        return f"{self.name}, kappa {two_digits(self.kappa)} on {self.data}, {self.answers:,} answers"

    def table(self) -> dict[str, Any]:
        """As files of figures hold it."""
        return asdict(self)


def two_digits(value: float | None) -> str:
    """`.83`, or `undefined`."""
    return "undefined" if value is None else f"{value:.2f}".replace("0.", ".", 1)

"""What a stage with `stop_when` measured on watched prompts, as a file: `watched.json` beside its checkpoints.

One decision: it says after which step the goal was reached, so a report and a resumed stage read the end of the stage
and do not work it out again.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from aurora.errors import AuroraError
from aurora.files import read_json, write_json

WATCHED = "watched.json"


class Refusals(NamedTuple):
    """Shares of the watched prompts that were refused: of the harmful and of the harmless ones."""

    refused: float
    harmless_refused: float


@dataclass(frozen=True)
class Measured:
    """What was refused after so many steps."""

    step: int
    refused: float
    harmless_refused: float


@dataclass(frozen=True)
class Watched:
    """Every measurement of a stage so far, and the step after which the goal was `reached`."""

    measured: list[Measured] = field(default_factory=list)
    reached: int | None = None

    def with_measured(self, step: int, found: Refusals, *, enough: bool) -> Watched:
        """These and one more."""
        return Watched([*self.measured, Measured(step, *found)], step if enough else None)

    def until(self, step: int) -> Watched:
        """What was measured by step `step`."""
        reached = self.reached if self.reached is not None and self.reached <= step else None
        return replace(self, measured=[it for it in self.measured if it.step <= step], reached=reached)

    def write(self, path: Path) -> None:
        """Write them, atomically."""
        write_json(path, asdict(self))


def read_watched(path: Path) -> Watched:
    """What a file holds; `AuroraError` for one that this version cannot read."""
    values: Any = read_json(path)
    try:
        return Watched([Measured(**it) for it in values["measured"]], values["reached"])
    except (KeyError, TypeError) as error:
        raise AuroraError(f"{path} holds no measurements of watched prompts ({error}): restore it.") from error

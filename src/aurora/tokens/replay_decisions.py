"""The decisions of adaptive replay in a stage, as a file: `retention.json` beside the checkpoints.

One decision: a decision is on disk before any sequence depends on it, so the file and the formula of the mixture
determine every sequence, for a resumed run and for an audit alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from aurora.errors import AuroraError
from aurora.files import read_json, write_json
from aurora.run.folder import RunFolder
from aurora.run.working import working_folder

DECISIONS = "retention.json"


@dataclass(frozen=True)
class Decision:
    """After `step` steps: `bits_per_byte` of each source then, and the `weights` of the steps that follow.

    The measurement that ends a stage decides nothing and has no weights.
    """

    step: int
    bits_per_byte: Mapping[str, float]
    weights: Mapping[str, float]


@dataclass(frozen=True)
class Decisions:
    """`base`: bits per byte of each source to compare with; `start`: those of the model that the stage started from."""

    base: Mapping[str, float]
    start: Mapping[str, float]
    made: list[Decision] = field(default_factory=list)

    @property
    def end(self) -> int | None:
        """The last step of the stage if it has ended, perhaps before its budget of tokens was spent."""
        return self.made[-1].step if self.made and not self.made[-1].weights else None

    def until(self, step: int) -> Decisions:
        """The decisions made by step `step`."""
        return Decisions(self.base, self.start, [decision for decision in self.made if decision.step <= step])

    def write(self, path: Path) -> None:
        """Write them, atomically."""
        write_json(path, asdict(self))


def read_decisions(path: Path) -> Decisions:
    """The decisions of a file; `AuroraError` for one that this version cannot read."""
    values: Any = read_json(path)
    try:
        made = [Decision(**decision) for decision in values.pop("made")]
        return Decisions(**values, made=made)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise AuroraError(f"{path} holds no decisions of adaptive replay ({error}): restore it.") from error


def decisions_of(run: RunFolder, name: str) -> Decisions | None:
    """What was decided in the stage called `name` of a run, finished or not; None where nothing was yet."""
    for folder in (run.checkpoint(name), working_folder(run.checkpoint(name))):
        if (folder / DECISIONS).is_file():
            return read_decisions(folder / DECISIONS)
    return None

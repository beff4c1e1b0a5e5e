"""What a stage with `ask` answered while it was trained, as a file: `asked.json` beside its checkpoints.

One decision: a measurement names the weights and the questions that it is of. So one that an interrupted stage made
beyond its last checkpoint counts again where it comes to the same weights, and never where it does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from aurora.errors import AuroraError
from aurora.files import read_json, write_json

ASKED = "asked.json"


@dataclass(frozen=True)
class Score:
    """The score of a form of a task over `items`, with its 95 % interval where that is known."""

    task: str
    form: str
    language: str
    chance: float | None
    items: int
    score: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Answered:
    """The scores after so many steps, by `weights` and `questions` of these digests."""

    step: int
    tokens: int
    weights: str
    questions: str
    scores: Sequence[Score]

    def of(self, weights: str, questions: str) -> bool:
        """Whether it is of these."""
        return (self.weights, self.questions) == (weights, questions)


def write_asked(path: Path, answered: Sequence[Answered]) -> None:
    """Write the measurements, atomically."""
    write_json(path, {"measured": [asdict(one) for one in answered]})


def read_asked(path: Path) -> list[Answered]:
    """The measurements in a file, in order of their steps; none where there is no file.

    `AuroraError` for one that this version cannot read.
    """
    if not path.is_file():
        return []
    values: Any = read_json(path)
    try:
        return [
            Answered(**{**one, "scores": [Score(**score) for score in one["scores"]]}) for one in values["measured"]
        ]
    except (KeyError, TypeError) as error:
        raise AuroraError(f"{path} holds no answers to tasks ({error}): restore it, or move it away.") from error

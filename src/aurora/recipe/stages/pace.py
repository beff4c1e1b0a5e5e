"""How many sequences each optimizer step of a stage reads: a constant number, or a growing one.

One decision: steps and sequences follow from each other by arithmetic over a few levels of batch size, so a step's
batch is known from its number alone and a resumed stage needs no record of it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Level:
    """Steps of one batch size: from `step` on, before which `before` sequences were read, `sequences` in each."""

    step: int
    before: int
    sequences: int


class Pace:
    """The levels of a stage's batch size; steps and sequences count from 0."""

    def __init__(self, rising: Sequence[tuple[int, int]], sequences: int) -> None:
        """`rising` are levels at the start as (steps, sequences of a step); then a step reads `sequences`."""
        levels, step, before = [], 0, 0
        for steps, of_step in rising:
            levels.append(Level(step, before, of_step))
            step, before = step + steps, before + steps * of_step
        self.levels = [*levels, Level(step, before, sequences)]

    def sequences(self, step: int) -> int:
        """The sequences of one step."""
        return self._of_step(step).sequences

    def before(self, step: int) -> int:
        """The sequences of all steps before one; so its first."""
        level = self._of_step(step)
        return level.before + (step - level.step) * level.sequences

    def step_of(self, sequence: int) -> int:
        """The step that reads a sequence."""
        level = self.levels[bisect_right(self.levels, sequence, key=lambda level: level.before) - 1]
        return level.step + (sequence - level.before) // level.sequences

    def steps(self, sequences: int) -> int:
        """The fewest steps that read so many sequences."""
        return self.step_of(sequences - 1) + 1 if sequences else 0

    def _of_step(self, step: int) -> Level:
        return self.levels[bisect_right(self.levels, step, key=lambda level: level.step) - 1]

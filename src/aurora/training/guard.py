"""The guard: whether a step may change the weights, and what is undone where it may not.

One decision: a step whose loss or gradient is not finite, or whose loss is a spike, is left out whole: weights and
moments stay as they were, or return to those of an earlier step, and the schedule goes on; no step number comes twice.
What counts as a spike, and which step the stage goes back to, follows only from the earlier records, which are in the
metrics, so a stage that resumes after a crash leaves out the same steps.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean, pstdev
from typing import NamedTuple

from aurora.recipe.stages.stage import Guard


@dataclass(frozen=True)
class Fault:
    """What is wrong with a step: a `reason` for programs, the `value` that was measured, and a sentence."""

    reason: str
    value: float
    sentence: str

    def __str__(self) -> str:
        return self.sentence


class Judged(NamedTuple):
    """A step as recorded: its loss where that is a number, and the step that the stage went back to, if it did."""

    loss: float | None
    left_out: bool
    returned_to: int | None = None


class Watch:
    """Judges steps one after another; `history` are the earlier ones, from the stage's first on."""

    def __init__(self, guard: Guard, history: Iterable[Judged] = ()) -> None:
        self._guard = guard
        self._step = 0
        # By step. At most twice `steps` are undone at once, and a whole window must remain before them.
        self._losses: deque[tuple[int, float]] = deque(maxlen=guard.window + 2 * (guard.steps or 0))
        self._undone: list[tuple[int, int]] = []  # (last good step, last undone step) of each time the stage went back
        self.left_out = 0
        for judged in history:
            self._remember(judged.loss, judged.left_out)
            if judged.returned_to is not None:
                self.return_to(judged.returned_to)

    @property
    def rolls_back(self) -> bool:
        """Whether a fault undoes earlier steps."""
        return self._guard.action == "rollback"

    @property
    def exhausted(self) -> bool:
        """Whether more steps in a row were left out than the guard allows."""
        return self.left_out > self._guard.patience

    def judge(self, loss: float, norm: float) -> Fault | None:
        """What is wrong with a step, or None where it may change the weights."""
        fault = self._wrong(loss, norm)
        self._remember(loss, fault is not None)
        return fault

    def pass_over(self) -> None:
        """Remember a step without a token that counts in the loss: it says nothing about the weights."""
        self._remember(None, left_out=False)

    def back_to(self, step: int) -> int:
        """The step of the checkpoint to which a fault found after `step` steps goes back.

        The newest that is at least `guard.steps` old and was not undone itself, or that of the stage's start.
        """
        if self._guard.steps is None:
            return step
        target = max(0, step - self._guard.steps) // self._guard.steps * self._guard.steps
        for good, last in reversed(self._undone):
            if good < target <= last:
                target = good
        return target

    def return_to(self, step: int) -> range:
        """Note that the fault of the last step has undone all steps after `step`; returns those newly undone (from 1).

        Their losses no longer count as usual.
        """
        before = self._undone[-1][1] + 1 if self._undone else 0
        self._undone.append((step, self._step - 1))
        while self._losses and self._losses[-1][0] > step:
            self._losses.pop()
        return range(max(step, before) + 1, self._step)

    def _wrong(self, loss: float, norm: float) -> Fault | None:
        for reason, what, value in (("loss_not_finite", "loss", loss), ("gradient_not_finite", "gradient norm", norm)):
            if not math.isfinite(value):
                return Fault(reason, value, f"the {what} is {value}")
        if self._guard.deviations is None or len(self._losses) < self._guard.window:
            return None
        last = [loss for _, loss in self._losses][-self._guard.window :]
        mean, deviation = fmean(last), pstdev(last)
        if loss > mean + self._guard.deviations * deviation:
            return Fault("loss_spike", loss, f"the loss is {loss:.3f} after {mean:.3f} ± {deviation:.3f}")
        return None

    def _remember(self, loss: float | None, left_out: bool) -> None:
        """Count the steps left out in a row: until a good one, or until the stage goes back to another checkpoint."""
        if left_out:
            elsewhere = self.rolls_back and self._undone and self._undone[-1][0] != self.back_to(self._step)
            self.left_out = 1 if elsewhere else self.left_out + 1
        elif not self.rolls_back:
            self.left_out = 0
        self._step += 1
        if loss is not None and not left_out:
            self._losses.append((self._step, loss))

"""Whether the numbers of a step may move the weights, and what is undone where they may not.

One decision: a step whose loss or gradient is not finite, or whose loss is a spike, is left out whole: weights and
moments stay as they were, or become those of an earlier step again, and the schedule goes on; a step's number never
comes twice. What counts as a spike, and which step is gone back to, follows from the records before it alone, which are
in the metrics, so a stage that goes on after a crash leaves out the same steps.
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
    """What is wrong with a step: a `reason` for programs, the `value` that was found and a sentence."""

    reason: str
    value: float
    sentence: str

    def __str__(self) -> str:
        return self.sentence


class Judged(NamedTuple):
    """A step as the records tell of it: its loss where that is a number, and the step gone back to if one was."""

    loss: float | None
    left_out: bool
    returned_to: int | None = None


class Watch:
    """Judges steps one after another; `history` gives the earlier ones, from the stage's first on."""

    def __init__(self, guard: Guard, history: Iterable[Judged] = ()) -> None:
        self._guard = guard
        self._step = 0
        # By step. At most twice `steps` are undone at once, and a whole window must be left behind them.
        self._losses: deque[tuple[int, float]] = deque(maxlen=guard.window + 2 * (guard.steps or 0))
        self._undone: list[tuple[int, int]] = []  # the last good step, and the last of those undone with it
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
        """What is wrong with a step, or None where it may be made."""
        fault = self._wrong(loss, norm)
        self._remember(loss, fault is not None)
        return fault

    def pass_over(self) -> None:
        """Take note of a step in which nothing counts in the loss: it says nothing of the weights."""
        self._remember(None, left_out=False)

    def back_to(self, step: int) -> int:
        """After how many steps the checkpoint was made that a fault found behind `step` steps goes back to.

        The newest at least `guard.steps` old that was not undone itself, or that of the stage's start.
        """
        if self._guard.steps is None:
            return step
        target = max(0, step - self._guard.steps) // self._guard.steps * self._guard.steps
        for good, last in reversed(self._undone):
            if good < target <= last:
                target = good
        return target

    def return_to(self, step: int) -> range:
        """The step judged last has undone all behind `step`; gives those (from 1) that were not left out before.

        Their losses say nothing of what is usual any more.
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
        """Steps left out count as in a row until a good one comes, or until another checkpoint is gone back to."""
        if left_out:
            elsewhere = self.rolls_back and self._undone and self._undone[-1][0] != self.back_to(self._step)
            self.left_out = 1 if elsewhere else self.left_out + 1
        elif not self.rolls_back:
            self.left_out = 0
        self._step += 1
        if loss is not None and not left_out:
            self._losses.append((self._step, loss))

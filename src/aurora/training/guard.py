"""Whether the numbers of a step may move the weights.

One decision: a step whose loss or gradient is not finite, or whose loss is a spike, is left out whole: weights and
moments stay as they were and the schedule goes on. What counts as a spike follows from the losses before it alone,
which are in the metrics, so a stage that goes on after a crash leaves out the same steps.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from statistics import fmean, pstdev

from aurora.recipe.stages import Guard


class Watch:
    """Judges steps one after another; `history` gives the earlier ones as (loss, left out)."""

    def __init__(self, guard: Guard, history: Iterable[tuple[float | None, bool]] = ()) -> None:
        self._guard = guard
        self._losses: deque[float] = deque(maxlen=guard.window)
        self.left_out = 0
        for loss, left_out in history:
            self._remember(loss, left_out)

    @property
    def exhausted(self) -> bool:
        """Whether more steps in a row were left out than the guard allows."""
        return self.left_out > self._guard.patience

    def judge(self, loss: float, norm: float) -> str | None:
        """What is wrong with a step, or None where it may be made."""
        reason = self._wrong(loss, norm)
        self._remember(loss, reason is not None)
        return reason

    def _wrong(self, loss: float, norm: float) -> str | None:
        for what, value in (("loss", loss), ("gradient norm", norm)):
            if not math.isfinite(value):
                return f"the {what} is {value}"
        if self._guard.deviations is None or len(self._losses) < self._guard.window:
            return None
        mean, deviation = fmean(self._losses), pstdev(self._losses)
        if loss > mean + self._guard.deviations * deviation:
            return f"the loss is {loss:.3f} after {mean:.3f} ± {deviation:.3f}"
        return None

    def _remember(self, loss: float | None, left_out: bool) -> None:
        self.left_out = self.left_out + 1 if left_out else 0
        if loss is not None and not left_out:
            self._losses.append(loss)

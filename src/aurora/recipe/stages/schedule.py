"""The learning rate of a stage as the recipe states it, and which part of it depends on the stage's length.

One decision: steps stay valid as long as their learning rates do. `Course.until` says what the rates of the first steps
follow from, so a stage may be given more tokens wherever the rates so far stay the same: in a warm-up, on a constant,
and before the decay of warmup-stable-decay, if `warmup` is given in tokens.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import Field, model_validator

from aurora.recipe.base import Section


class Schedule(Section):
    """The learning rate over a stage: linear warm-up, then a cosine, a constant, or a constant with a decay at last."""

    shape: Literal["cosine", "constant", "warmup-stable-decay"] = Field(
        "cosine", description="Shape after the warm-up."
    )
    peak: float = Field(gt=0, description="Highest learning rate, reached from `start` by the warm-up.")
    end: float = Field(0.0, ge=0, description="Learning rate at the last step (not for `constant`).")
    start: float = Field(0.0, ge=0, description="Learning rate before the first step of the warm-up.")
    warmup: float = Field(
        0.01,
        ge=0,
        description="Length of the warm-up: below 1 a share of the stage's steps, else tokens (a step or more). In "
        "tokens, it stays the same when the stage is given more tokens.",
    )
    decay: float | None = Field(
        None,
        gt=0,
        description="Length of the last part, in which warmup-stable-decay falls to `end`: below 1 a share of the "
        "stage's steps, else tokens.",
    )

    @model_validator(mode="after")
    def _sound(self) -> Schedule:
        if (self.decay is None) == (self.shape == "warmup-stable-decay"):
            raise ValueError("give `decay` with the shape warmup-stable-decay, and with no other")
        for key, part in (("warmup", self.warmup), ("decay", self.decay or 0.0)):
            if part >= 1 and not float(part).is_integer():
                raise ValueError(f"{key}: {part} is neither a share (below 1) nor a whole number of tokens")
        if self.decay is not None and self.warmup < 1 and self.decay < 1 and self.warmup + self.decay > 1:
            raise ValueError("warmup and decay are more than the whole stage")
        return self


@dataclass(frozen=True)
class Course:
    """A schedule over a stage of `steps` steps, the first `warmup` and the last `decay` of which are those parts."""

    schedule: Schedule
    steps: int
    warmup: int
    decay: int

    @property
    def top(self) -> int:
        """The last step (from 0) at the peak before the rate falls; that of a constant is the stage's last."""
        last, reached = self.steps - 1, max(self.warmup - 1, 0)
        if self.schedule.shape == "constant":
            return last
        return min(last, max(reached, last - self.decay) if self.decay else reached)

    def watched(self, every_steps: int) -> list[int]:
        """The steps after which a stage may find that it has been trained enough: multiples of `every_steps` behind the
        warm-up, and before the decay where there is one."""
        last = self.top if self.decay else self.steps - 1
        return [step for step in range(every_steps, last + 1, every_steps) if step >= self.warmup]

    def ending(self, step: int) -> Course:
        """The course of a stage that has been trained enough after so many steps: from there it decays, where it has a
        decay; otherwise it ends there, at the rate that it has."""
        return replace(self, steps=step + self.decay) if self.decay else self

    def until(self, steps: int) -> dict[str, Any]:
        """What the rates of the first so many steps follow from, by key of the schedule."""
        found: dict[str, Any] = {"peak": self.schedule.peak, "start": self.schedule.start}
        found["warmup"] = f"{self.warmup} steps"
        if self.falls_within(steps):
            found |= {"shape": self.schedule.shape, "end": self.schedule.end}
            if self.decay:
                found["decay"] = f"{self.decay} steps"
        return found

    def falls_within(self, steps: int) -> bool:
        """Whether the rates of the first so many steps have begun to fall, and so follow from the stage's length."""
        return steps > self.top + 1

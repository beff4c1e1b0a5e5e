"""A stage's `retention` table: what may be forgotten at most, and how far replay may go to keep it.

One decision: a budget belongs to a source that is replayed, and is counted on that source's own held-out text against
the model that the first stage with such a table started from; so what a chain of stages forgets is never added up.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from aurora.recipe.base import Section
from aurora.recipe.names import Distinct, StoreName


class Retention(Section):
    """Adaptive replay: the shares of replayed sources follow what is forgotten; all others keep their ratio."""

    every_steps: int = Field(ge=1, description="Measure, and choose new shares, every so many steps.")
    budget: Annotated[dict[StoreName, Annotated[float, Field(ge=0)]], Distinct] = Field(
        min_length=1,
        description="Largest rise of held-out bits per byte of each replayed source of the mixture at the stage's end, "
        "relative to the model that the first stage with a `retention` table started from: 0.01 is +1 %.",
    )
    least: float = Field(
        0.02, gt=0, lt=1, description="Least share of the stage's tokens with a loss of each replayed source."
    )
    most: float = Field(0.25, gt=0, lt=1, description="Most of it; replayed sources together stay below one.")
    largest_move: float = Field(
        0.4, gt=0, lt=1, description="How far a decision may move a share, relative to that share."
    )

    patience: int | None = Field(
        None,
        ge=1,
        description="End the stage after so many measurements in a row that are not better than the best, and leave "
        "the model of the best: that with the fewest bits per byte of the other sources among those within the budget. "
        "Without it a stage leaves its last.",
    )

    @model_validator(mode="after")
    def _room(self) -> Retention:
        if self.least > self.most:
            raise ValueError("retention: `least` is above `most`")
        if self.most * len(self.budget) >= 1:
            raise ValueError("retention: with every replayed source at `most`, nothing is left for the others")
        return self

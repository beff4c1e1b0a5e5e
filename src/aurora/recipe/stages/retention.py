"""A stage's `retention` table: how much may be forgotten, and how far replay may go to prevent it.

One decision: a budget belongs to a replayed source, and is measured on that source's own held-out text against the base
of every verdict, whatever stages there were since; so a chain of stages never adds up what each one forgets.
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
        "relative to the base of the run (the imported model, or the first stage of a new one): 0.01 is +1 %.",
    )
    least: float = Field(
        0.02, gt=0, lt=1, description="Smallest share of each replayed source, of the stage's tokens with a loss."
    )
    most: float = Field(
        0.25, gt=0, lt=1, description="Largest share of each replayed source; together they must stay below one."
    )
    largest_move: float = Field(
        0.4, gt=0, lt=1, description="How much one decision may change a share, relative to that share."
    )

    patience: int | None = Field(
        None,
        ge=1,
        description="End the stage after so many measurements in a row that are no better than the best, with the "
        "model of the best: the one with the fewest bits per byte on the other sources among those within"
        " the budget. If left out, the stage ends with its last model.",
    )

    @model_validator(mode="after")
    def _room(self) -> Retention:
        if self.least > self.most:
            raise ValueError("retention: `least` is above `most`")
        if self.most * len(self.budget) >= 1:
            raise ValueError("retention: with every replayed source at `most`, nothing is left for the others")
        return self

"""A stage's `stop_when` table: the refusals at which it has been trained enough.

One decision: they are measured on watched prompts, which are neither trained on nor among the held-out ones of the
report, so a stage that ends by them is not chosen by the figures that judge it.
"""

from __future__ import annotations

from pydantic import Field

from aurora.recipe.base import Section


class StopWhen(Section):
    """End the stage early, once enough watched prompts are refused and few enough harmless ones are."""

    refused: float = Field(gt=0, le=1, description="Least share of the watched harmful prompts that is refused.")
    harmless_refused: float = Field(
        ge=0, lt=1, description="Largest share of the watched harmless prompts that is refused."
    )
    every_steps: int = Field(ge=1, description="Ask every so many steps, from the end of the warm-up on.")
    prompts: int = Field(40, ge=1, description="Watched prompts asked per language and kind (harmful, benign).")

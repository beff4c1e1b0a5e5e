"""A stage's `objective`: what it learns from what it reads.

One decision: an objective is of whole sources. Preference pairs are learnt by DPO, every other source of the same stage
by its likelihood, so replay protects what was learnt in such a stage as in any other.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from aurora.recipe.base import Section

LIKELIHOOD: Literal["likelihood"] = "likelihood"


class Dpo(Section):
    """Direct preference optimisation (Rafailov et al., arXiv 2305.18290): of the two answers of a pair the chosen one
    becomes more likely than the rejected one, beside what the stage's start says of both."""

    beta: float = Field(
        0.1, gt=0, description="How closely the model stays with the stage's start: higher values move it less."
    )
    chosen: float = Field(
        0.0,
        ge=0,
        description="Weight of the loss of the chosen answer itself (mean over its tokens), which is added to its "
        "pair's. Without it DPO may make both answers less likely, the rejected one more so.",
    )


class Preferring(Section):
    """What is learnt from preference pairs; give one key."""

    dpo: Dpo = Field(description="Direct preference optimisation, with settings.")


def _with_settings(value: str | Preferring) -> str | Preferring:
    """`dpo` is `{dpo: {}}`."""
    return Preferring(dpo=Dpo()) if value == "dpo" else value


Objective = Annotated[Literal["likelihood", "dpo"] | Preferring, AfterValidator(_with_settings)]

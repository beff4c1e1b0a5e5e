"""The recipe's `stages` table: what is trained on what, for how long, and how.

One decision: a stage states its budget in tokens and its mixture in token weights; steps, epochs and learning rates
follow
from them. A `control` is the same stage again with a few keys changed, whose result is reported and then left aside.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from aurora.recipe.base import Section

# What `start` says for the recipe's own model, new or imported.
IMPORTED = "model"
# Red-team prompts with their answers, refused and answered ones in turn.
PAIRS = "redteam/pairs"

Mixture = Annotated[
    dict[str, Annotated[float, Field(gt=0)]],
    Field(
        min_length=1,
        description="Token weight of each source; a name is `SOURCE/LANGUAGE` or `redteam/pairs|benign`. Weights "
        "are normalised.",
    ),
]


class Schedule(Section):
    """The learning rate over a stage: linear warm-up, then cosine decay (or a constant)."""

    shape: Literal["cosine", "constant"] = Field("cosine", description="Form after the warm-up.")
    peak: float = Field(gt=0, description="Highest learning rate; re-warmed to from `start`.")
    end: float = Field(0.0, ge=0, description="Learning rate at the last step (cosine).")
    start: float = Field(0.0, ge=0, description="Learning rate before the first step of the warm-up.")
    warmup: float = Field(0.01, ge=0, lt=1, description="Share of the stage's steps spent warming up.")


class Optimizer(Section):
    """AdamW; weight decay acts on matrices only."""

    beta1: float = Field(0.9, ge=0, lt=1, description="Decay of the first moment.")
    beta2: float = Field(0.95, ge=0, lt=1, description="Decay of the second moment.")
    epsilon: float = Field(1e-8, gt=0, description="Term added to the denominator.")
    weight_decay: float = Field(0.1, ge=0, description="Decoupled weight decay, on matrices only.")
    clip: float = Field(1.0, gt=0, description="Largest global gradient norm.")
    carry: bool = Field(
        False, description="Start with the optimizer state of the stage this one starts from, instead of a fresh one."
    )


class Control(Section):
    """The same stage a second time with another mixture: what would have happened without the choice made."""

    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]*$", description="Name of the control; its checkpoint is `STAGE-NAME`."
    )
    mixture: Mixture


class Stage(Section):
    """One training phase."""

    start: str = Field(description="`model` (the recipe's model) or the name of an earlier stage.")
    tokens: int = Field(ge=1, description="Token budget; rounded up to whole steps.")
    batch_tokens: int = Field(ge=1, description="Tokens per optimizer step (global batch).")
    sequence_length: int = Field(
        ge=2, description="Tokens per sequence. A prompt/response pair is a sequence of its own, filled up or cut."
    )
    mixture: Mixture
    schedule: Schedule = Field(description="Learning rate.")
    optimizer: Optimizer = Field(default_factory=Optimizer, description="Optimizer.")
    control: Control | None = Field(None, description="A second run of this stage to compare with.")

    @property
    def steps(self) -> int:
        """Optimizer steps: the budget over the tokens of a step, rounded up."""
        return -(-self.tokens // self.batch_tokens)

    @property
    def sequences_per_step(self) -> int:
        """Sequences of a global batch."""
        return self.batch_tokens // self.sequence_length


def checkpoints_of(stages: Mapping[str, Stage]) -> dict[str, Stage]:
    """Every checkpoint a recipe's stages make, controls included, with the settings that make it."""
    made: dict[str, Stage] = {}
    for name, stage in stages.items():
        made[name] = stage
        if stage.control:
            made[f"{name}-{stage.control.name}"] = stage.model_copy(update={"mixture": stage.control.mixture})
    return made


def safety_stages(stages: Mapping[str, Stage]) -> tuple[str, str] | None:
    """(before, after): what the safety tuning starts from, and the last stage that trains on refusals."""
    tuned = [name for name, stage in stages.items() if PAIRS in stage.mixture]
    if not tuned or stages[tuned[0]].start == IMPORTED:
        return None
    return stages[tuned[0]].start, tuned[-1]

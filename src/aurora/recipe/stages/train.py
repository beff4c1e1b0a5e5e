"""A stage's `train` value: which weights it moves.

One decision: what is not moved costs no moments and no gradients, so a part is chosen for the memory and the time that
a machine has, and every part leaves a whole model, from which any other stage may start.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from aurora.recipe.base import Section


class Lora(Section):
    """Low-rank adapters (Hu et al., arXiv 2106.09685) beside frozen matrices; they are added to them at the end."""

    rank: int = Field(ge=1, le=4096, description="Rows of the narrow matrix; its products are what an adapter adds.")
    alpha: float = Field(gt=0, description="An adapter's output is multiplied by `alpha` / `rank`.")
    dropout: float = Field(0.0, ge=0, lt=1, description="Dropout on what adapters read.")
    targets: list[str] | None = Field(
        None,
        min_length=1,
        description="Linear layers that have adapters, by the ends of their names on the hub (`q_proj`, "
        "`self_attn.o_proj`); without it all of every block.",
    )


class Part(Section):
    """A part of the weights; give one key."""

    last_layers: int | None = Field(
        None, ge=1, description="The last so many blocks and the norm behind them; the output layer stays as it is."
    )
    embeddings: Literal[False] | None = Field(None, description="`false`: all but the embeddings and the output layer.")
    lora: Lora | None = Field(None, description="Adapters alone, in peft's layout.")

    @model_validator(mode="after")
    def _one(self) -> Part:
        if sum(value is not None for value in (self.last_layers, self.embeddings, self.lora)) != 1:
            raise ValueError("give `all`, or exactly one of `last_layers`, `embeddings: false` and `lora`")
        return self


Train = Literal["all"] | Part
ALL: Literal["all"] = "all"

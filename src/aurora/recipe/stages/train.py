"""A stage's `train` value: which weights it trains.

One decision: frozen weights cost no moments and no gradients, so a part is chosen to fit the memory and time of a
machine, and every choice gives a whole model, from which any other stage may start.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from aurora.recipe.base import Section


class Lora(Section):
    """Low-rank adapters (Hu et al., arXiv 2106.09685) beside frozen matrices, merged into them at the end."""

    rank: int = Field(ge=1, le=4096, description="Rank of an adapter: the width between its two matrices.")
    alpha: float = Field(gt=0, description="An adapter's output is multiplied by `alpha` / `rank`.")
    dropout: float = Field(0.0, ge=0, lt=1, description="Dropout on the inputs of adapters.")
    targets: list[str] | None = Field(
        None,
        min_length=1,
        description="Linear layers with adapters, by the ends of their names on the hub (`q_proj`, "
        "`self_attn.o_proj`); all linear layers of every block if left out.",
    )


class Part(Section):
    """A part of the weights; give one key."""

    last_layers: int | None = Field(
        None, ge=1, description="The last so many blocks and the norm after them; the output layer stays frozen."
    )
    embeddings: Literal[False] | None = Field(
        None, description="`false`: everything but the embeddings and the output layer."
    )
    lora: Lora | None = Field(None, description="Only low-rank adapters, in peft's layout.")

    @model_validator(mode="after")
    def _one(self) -> Part:
        if sum(value is not None for value in (self.last_layers, self.embeddings, self.lora)) != 1:
            raise ValueError("give `all`, or exactly one of `last_layers`, `embeddings: false` and `lora`")
        return self


Train = Literal["all"] | Part
ALL: Literal["all"] = "all"

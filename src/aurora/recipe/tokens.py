"""The recipe's `tokens` table: the tokenizer and how clean documents become token shards.

One decision: one token store for each (corpus source, language) pair, named `SOURCE/LANGUAGE`; these names are what a
stage's mixture weighs.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from aurora.recipe.base import Section


class TrainedTokenizer(Section):
    """A byte-level BPE learnt on the run's own training text."""

    vocabulary: int = Field(8192, ge=300, description="Number of entries, special tokens included.")
    pattern: Literal["starcoder", "marks"] = Field(
        "starcoder",
        description="Pre-tokenisation: StarCoder's (GPT-2 pattern, single digits), or the same with combining marks "
        "kept in words.",
    )
    megabytes_per_language: float = Field(
        1.0,
        gt=0,
        description="Text sampled from each language, in megabytes (10^6 UTF-8 bytes), so that none dominates the "
        "merges.",
    )


class Tokens(Section):
    """The tokenizer: either learnt (`train`) or read from a folder, file or hub model (`path`)."""

    train: TrainedTokenizer | None = Field(None, description="Learn a tokenizer on the training text.")
    path: str | None = Field(None, description="Folder, tokenizer.json or hub model whose tokenizer is used as it is.")

    @model_validator(mode="after")
    def _one_origin(self) -> Tokens:
        if (self.train is None) == (self.path is None):
            raise ValueError("give exactly one of `train` and `path`")
        return self

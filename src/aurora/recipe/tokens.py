"""The recipe's `tokens` table: the tokenizer and how clean documents become token shards.

One decision: one token store for each (corpus source, language) pair, named `SOURCE/LANGUAGE`; these names are what a
stage's mixture weighs.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from aurora.recipe.base import Section
from aurora.recipe.model import LARGEST_VOCABULARY
from aurora.recipe.names import Distinct, Language, PathInFolder, PathOrName, Revision, StoreName

# How a prompt and its response stand as one text: AURORA-M's way, and two that other open models and data sets use.
AURORA, CHATML, ALPACA = FORMATS = ("aurora", "chatml", "alpaca")
Loss = Literal["answers", "last", "all"]


class TrainedTokenizer(Section):
    """A byte-level BPE learnt on the run's own training text."""

    vocabulary: int = Field(
        8192, ge=300, le=LARGEST_VOCABULARY, description="Number of entries, special tokens included."
    )
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


class Extension(Section):
    "New entries after a published tokenizer's own, whose ids keep their meaning."

    entries: int = Field(
        16_000,
        ge=1,
        le=LARGEST_VOCABULARY,
        description="Number of new entries; fewer if the text does not yield as many.",
    )
    languages: list[Language] = Field(
        min_length=1, description="Languages to learn them from, with equal shares of text."
    )
    megabytes_per_language: float = Field(
        6.0, gt=0, description="Text sampled from each language, in megabytes (10^6 UTF-8 bytes)."
    )
    embeddings: Literal["mean", "random", "mean-covariance"] = Field(
        "mean",
        description="New rows of the embedding: mean of the rows of the pieces an entry replaces, normal with the old "
        "rows' deviation, or drawn from the old rows' normal distribution.",
    )


class Infilling(Section):
    """Fill-in-the-middle for one source: pieces of documents split in three at random characters, the middle last.

    A piece is the part of a document in one sequence, so its three parts stay together.
    """

    rate: float = Field(0.5, gt=0, le=1, description="Share of the pieces that are split.")
    suffix_first: float = Field(
        0.5, ge=0, le=1, description="Share of the split pieces with the suffix before the prefix (SPM, else PSM)."
    )


class Adopted(Section):
    """A token store made elsewhere with this tokenizer, in Megatron's format (`.bin` and `.idx`)."""

    path: PathInFolder = Field(description="Path of its two files without suffix, relative to the recipe.")
    license: str = Field(description="Licence of its text (SPDX).")


class PreferencePairs(Section):
    """A file of preference pairs: prompts with two answers each, of which one is wanted."""

    path: PathInFolder = Field(
        description="File of JSON lines, relative to the recipe: `prompt`, `chosen` and `rejected`, each a text or a "
        "list of messages (docs/preferences.md)."
    )
    license: str = Field(description="Licence of its text (SPDX).")


class Tokens(Section):
    """The tokenizer: either learnt (`train`) or read from a folder, file or hub model (`path`)."""

    train: TrainedTokenizer | None = Field(None, description="Learn a tokenizer on the training text.")
    path: PathOrName | None = Field(
        None, description="Folder, tokenizer.json or hub model whose tokenizer is used unchanged."
    )
    revision: Revision | None = Field(None, description="Commit hash of the hub model in `path`.")

    extend: Extension | None = Field(
        None, description="Teach the tokenizer of `path` new languages; combining marks then stay with their letters."
    )
    infilling: Annotated[dict[StoreName, Infilling], Distinct] = Field(
        default_factory=dict, description="Fill-in-the-middle by source, named as in mixtures (`SOURCE/LANGUAGE`)."
    )

    adopt: Annotated[dict[StoreName, Adopted], Distinct] = Field(
        default_factory=dict,
        description="Stores made elsewhere, by the name that mixtures use for them (`SOURCE/LANGUAGE`).",
    )
    preferences: Annotated[dict[StoreName, PreferencePairs], Distinct] = Field(
        default_factory=dict,
        description="Preference pairs for stages with `objective: dpo`, by the name that mixtures use for them "
        "(`SOURCE/LANGUAGE`).",
    )
    loss: Annotated[dict[StoreName, Loss], Distinct] = Field(
        default_factory=dict,
        description="What of conversations is learnt, by source (`SOURCE/LANGUAGE`): all `answers` (the default), "
        "only the `last` of each, or `all`, as of text.",
    )
    format: str | None = Field(
        None,
        description="How a prompt is written before its response: `aurora`, `chatml`, `alpaca`, or a text of your own"
        " with `{prompt}` in it. If left out, the tokenizer's own chat template, or `aurora` if it has "
        "none. Training, evaluation, chat and the exported model use the same.",
    )

    @field_validator("format")
    @classmethod
    def _known_format(cls, value: str | None) -> str | None:
        if value is not None and value not in FORMATS and value.count("{prompt}") != 1:
            raise ValueError(f"give one of {', '.join(FORMATS)}, or a text with {{prompt}} in it once")
        return value

    @model_validator(mode="after")
    def _one_origin(self) -> Tokens:
        if (self.train is None) == (self.path is None):
            raise ValueError("give exactly one of `train` and `path`")
        if self.extend is not None and self.path is None:
            raise ValueError("`extend` needs `path`: a tokenizer to extend")
        if self.revision is not None and self.path is None:
            raise ValueError("`revision` needs `path`: the hub model that it is of")
        if self.adopt and (self.path is None or self.extend is not None):
            raise ValueError("`adopt` needs `path` without `extend`: the tokenizer that the stores were made with")
        return self

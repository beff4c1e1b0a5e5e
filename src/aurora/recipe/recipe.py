"""The whole recipe: the one file that fixes a run.

One decision: its tables are checked against each other here, once, so every later step may trust a mixture's sources
and a stage's start.
"""

from __future__ import annotations

from pydantic import Field, ValidationInfo, field_validator, model_validator

from aurora.recipe.base import Section, refuse
from aurora.recipe.corpus import Corpus
from aurora.recipe.execution import Execution
from aurora.recipe.model import Model
from aurora.recipe.names import Name, PathInFolder, RunName
from aurora.recipe.references import references
from aurora.recipe.safety import Evaluation, Redteam
from aurora.recipe.stages.stage import Stage
from aurora.recipe.tokens import Tokens

APART = {"references": "asked already"}  # the context of a validation that leaves them out


class Recipe(Section):
    """The whole recipe of a run."""

    name: RunName = Field(description="Name of the run; its folder is `runs/NAME`.")
    description: str = Field("", description="What this run is for, in a sentence.")
    seed: int = Field(1, ge=0, lt=2**63, description="Seed of everything random.")
    languages: list[PathInFolder] = Field(
        default_factory=list,
        description="Files of languages of your own, relative to the recipe (docs/language.md); one for a language "
        "that Aurora knows replaces ours.",
    )
    corpus: Corpus = Field(description="Raw text and its curation.")
    tokens: Tokens = Field(description="Tokenizer and token shards.")
    model: Model = Field(description="The network to train or continue.")
    stages: dict[Name, Stage] = Field(min_length=1, description="Training stages by name, in order.")
    redteam: Redteam | None = Field(None, description="Red-team set built from a policy.")
    evaluation: Evaluation = Field(default_factory=Evaluation, description="Measurements on every stage.")
    execution: Execution = Field(default_factory=Execution, description="Where and how to run.")

    @field_validator("stages")
    @classmethod
    def _know_their_names(cls, stages: dict[str, Stage]) -> dict[str, Stage]:
        return {name: stage.named(name) for name, stage in stages.items()}

    @property
    def longest_sequence(self) -> int:
        """Tokens of the longest sequence that any stage trains on."""
        return max(stage.sequence_length for stage in self.stages.values())

    @model_validator(mode="after")
    def _tables_agree(self, info: ValidationInfo) -> Recipe:
        if info.context is not APART:
            refuse(references(self.model_dump()))
        return self

"""The whole recipe: the one file that fixes a run.

One decision: cross-references (a mixture's sources, a stage's start) are checked here, once, so every later step may
trust them.
"""

from __future__ import annotations

from pydantic import Field, field_validator, model_validator

from aurora.recipe.base import Section
from aurora.recipe.corpus import Corpus
from aurora.recipe.execution import Execution
from aurora.recipe.model import Model
from aurora.recipe.names import REDTEAM, Name, RunName
from aurora.recipe.safety import Evaluation, Redteam
from aurora.recipe.sources import ConversationsSource
from aurora.recipe.stages.stage import IMPORTED, PAIRS, Stage
from aurora.recipe.tokens import Tokens

REDTEAM_SOURCES = (PAIRS, f"{REDTEAM}/benign")
BIGRAM = "bigram"  # lies beside the evaluations of checkpoints


class Recipe(Section):
    """A run, whole."""

    name: RunName = Field(description="Name of the run; its folder is `runs/NAME`.")
    description: str = Field("", description="What this run is for, in a sentence.")
    seed: int = Field(1, ge=0, lt=2**63, description="Seed of everything random.")
    languages: list[str] = Field(
        default_factory=list,
        description="Files of languages of your own, relative to the recipe (docs/language.md); one of a language that "
        "Aurora knows takes the place of ours.",
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
    def _references_exist(self) -> Recipe:
        earlier: list[str] = []
        for name, stage in self.stages.items():
            if stage.start != IMPORTED and stage.start not in earlier:
                known = ", ".join([IMPORTED, *earlier])
                raise ValueError(f"stages.{name}.start: {stage.start!r} is not an earlier stage (known: {known})")
            if stage.optimizer.new_rows != 1 and self.tokens.extend is None:
                raise ValueError(f"stages.{name}.optimizer.new_rows: needs tokens.extend, which adds the rows")
            if stage.optimizer.carry and (stage.start == IMPORTED or stage.adapts):
                raise ValueError(f"stages.{name}.optimizer.carry: what it starts from has no moments of what it trains")
            if stage.optimizer.carry and self.stages[stage.start].train != stage.train:
                raise ValueError(
                    f"stages.{name}.optimizer.carry: needs the `train` of stage {stage.start}, whose moments are those "
                    "of what it trained"
                )
            mixtures = {f"stages.{name}.mixture": stage.mixture}
            for index, change in enumerate(stage.changes):
                mixtures[f"stages.{name}.changes.{index}.mixture"] = change.mixture
            if stage.control:
                mixtures[f"stages.{name}.control.mixture"] = stage.control.mixture
            for key, mixture in mixtures.items():
                for source in mixture:
                    self._check_source(key, source)
            earlier.append(name)
        for source in self.tokens.infilling:
            self._check_source("tokens.infilling", source)
            if source in REDTEAM_SOURCES:
                raise ValueError(f"tokens.infilling: {source!r} holds prompt/response pairs, which are never cut")
            if self._talks(source):
                raise ValueError(f"tokens.infilling: {source!r} holds conversations, which are never cut")
        for source in self.tokens.loss:
            if not self._talks(source):
                raise ValueError(f"tokens.loss: {source!r} is not of a source with `kind: conversations`")
        for source in self.tokens.adopt:
            if source.split("/")[0] in (REDTEAM, *self.corpus.sources):
                raise ValueError(f"tokens.adopt: {source!r} is not SOURCE/LANGUAGE with a source of its own")
        return self

    @model_validator(mode="after")
    def _a_model_keeps_its_tokenizer(self) -> Recipe:
        if self.model.path is not None and self.tokens.train is not None:
            raise ValueError(
                f"tokens.train: the model of model.path knows the ids of its own tokenizer alone; give tokens.path: "
                f"{self.model.path}, and tokens.extend for new entries"
            )
        return self

    @model_validator(mode="after")
    def _names_are_apart(self) -> Recipe:
        """Two things that would lie in one folder or file are refused."""
        taken = {IMPORTED: "the recipe's own model", BIGRAM: "the bigram beside every figure"}
        for name, stage in self.stages.items():
            made = {name: f"stages.{name}"}
            if stage.control:
                made[f"{name}-{stage.control.name}"] = f"stages.{name}.control"
            for checkpoint, key in made.items():
                if checkpoint in taken:
                    raise ValueError(
                        f"{key}: {checkpoint!r} is already the name of {taken[checkpoint]}; choose another"
                    )
                taken[checkpoint] = key
        return self

    def _talks(self, store: str) -> bool:
        """Whether a store holds conversations of a source."""
        return isinstance(self.corpus.sources.get(store.split("/")[0]), ConversationsSource)

    def _check_source(self, key: str, source: str) -> None:
        if source.startswith(f"{REDTEAM}/"):
            if source not in REDTEAM_SOURCES:
                raise ValueError(f"{key}: {source!r} is not one of {', '.join(REDTEAM_SOURCES)}")
            if self.redteam is None:
                raise ValueError(f"{key}: {source!r} needs the recipe's `redteam` table")
        elif source in self.tokens.adopt:
            return
        elif source.split("/")[0] not in self.corpus.sources:
            known = ", ".join([*self.corpus.sources, *self.tokens.adopt])
            raise ValueError(f"{key}: {source!r} is not SOURCE/LANGUAGE with a source of corpus.sources ({known})")

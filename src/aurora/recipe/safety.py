"""The recipe's `redteam` and `evaluation` tables.

One decision: both only name data and sizes; what a policy says lives in the policy file, so that lawyers can read it
alone.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from aurora.recipe.base import Section
from aurora.recipe.model import LONGEST
from aurora.recipe.names import Language, Name, PathOrPolicy

OF_TASKS = ("suites", "tasks", "data", "task_items")


class Drafts(Section):
    """Answers of the imported model itself to the policy's `harmless` prompts: the source `redteam/drafted`."""

    answer_tokens: int = Field(
        48, ge=1, le=LONGEST, description="Longest answer drafted, in tokens; a longer one ends with its last sentence."
    )


class Redteam(Section):
    """Prompts and answers built from a written policy."""

    policy: PathOrPolicy = Field(
        description="Policy file, relative to the recipe, or the name of one that comes with Aurora."
    )
    languages: list[Language] = Field(min_length=1, description="Languages to build prompts in.")
    held_out_share: float = Field(
        0.3, gt=0, lt=1, description="Share of each language's templates kept for measuring, never trained on."
    )
    watched_share: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="Share of each language's templates that stages with `stop_when` ask while they train: neither "
        "trained on nor held out.",
    )
    reviewed: str | None = Field(
        None,
        min_length=1,
        description="Folder of reviewed items (`aurora redteam export`), relative to the recipe, instead of prompts "
        "from the policy's templates; what it holds out is held out. The policy still says how it refuses.",
    )
    train_languages: list[Language] | None = Field(
        None,
        min_length=1,
        description="Those of `languages` whose prompts are trained on, and watched; the others are measured only. All "
        "if left out.",
    )
    preferences: bool = Field(
        False,
        description="Also write preference pairs, the source `redteam/preferences`: each training prompt with the "
        "policy's answer and the opposite of it, or what reviewers passed over (docs/preferences.md).",
    )
    judge: str | None = Field(
        None,
        min_length=1,
        description="A judge of answers that `aurora redteam judge --train` wrote, relative to the recipe; the rules "
        "if left out (docs/judges.md).",
    )
    drafts: Drafts | None = Field(
        None,
        description="Harmless prompts of all forms (`harmless` in the policy's words), answered by the model of "
        "`model.path` itself; the held-out share of them is asked beside the look-alikes.",
    )

    @model_validator(mode="after")
    def _trained_are_measured(self) -> Redteam:
        if other := [language for language in self.train_languages or [] if language not in self.languages]:
            raise ValueError(f"train_languages: {', '.join(other)} is not among `languages`, which are measured")
        return self

    @property
    def trained(self) -> list[str]:
        """The languages whose prompts are trained on."""
        return self.languages if self.train_languages is None else self.train_languages

    def stated(self) -> dict[str, Any]:
        """What decides the set, as far as a recipe says it: keys with these values count as left out."""
        left_out = {
            "watched_share": None,
            "reviewed": None,
            "train_languages": None,
            "preferences": False,
            "judge": None,
        }
        return {key: value for key, value in self.numerics().items() if left_out.get(key, ...) != value}


class Evaluation(Section):
    """What is measured on every stage's checkpoint."""

    held_out_kilobytes: float = Field(
        64.0, gt=0, description="Held-out text scored per language, in kilobytes (10^3 UTF-8 bytes)."
    )
    curve_kilobytes: float = Field(
        6.0, gt=0, description="Held-out text scored per language during a stage (see `execution.evaluate_steps`)."
    )
    sample_tokens: int = Field(48, ge=0, le=LONGEST, description="Tokens generated for each sample in the report.")
    safety_prompts: int = Field(
        40, ge=1, le=10**6, description="Held-out prompts answered per language and kind (harmful, benign)."
    )
    answer_tokens: int = Field(32, ge=1, le=LONGEST, description="Longest answer to a safety prompt, in tokens.")
    suites: list[Name] = Field(
        default_factory=list,
        description="Suites of tasks that every checkpoint is asked (`aurora ls suites`; extra `evaluate`).",
    )
    tasks: list[Name] = Field(
        default_factory=list,
        description="Tasks besides (`aurora ls tasks`); `pronouns` needs neither the extra nor data.",
    )
    data: list[str] = Field(
        default_factory=list,
        description="Folders with the items of the tasks, relative to the recipe; the hub without any.",
    )
    task_items: int | None = Field(
        None, ge=1, description="Most items of each task that are asked; all, or the suite's own number, if left out."
    )

    def numerics(self) -> dict[str, Any]:
        """What text, samples and refusals are measured with; tasks are measured apart."""
        return {key: value for key, value in super().numerics().items() if key not in OF_TASKS}

    @property
    def asks(self) -> bool:
        """Whether checkpoints are asked tasks."""
        return bool(self.suites or self.tasks)

    def of_tasks(self) -> dict[str, Any]:
        """What tasks are asked with."""
        asked = {"suites": list(self.suites), "items": self.task_items}
        return asked | ({"tasks": list(self.tasks)} if self.tasks else {})

"""What the start of a stage says of its preference pairs, where the stage learns from some.

One decision: it is a step of its own before the stage, of the start's weights, the tokenizer and the pairs alone. So it
is computed once for every attempt, setting and length of the stage.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aurora.pipeline.step import Project, Step
from aurora.recipe.stages.stage import Stage

if TYPE_CHECKING:
    from aurora.tokens.store import TokenStore


def steps(project: Project, stage: Stage) -> list[Step]:
    """The one step of a stage that learns from preference pairs."""
    if stage.prefers is None:
        return []
    recipe, run = project.recipe, project.run

    def inputs() -> dict[str, str]:
        pairs = {source: project.store(source) for source in _stores(project, stage)}
        return {**pairs, "start": project.weights(stage.start), "tokenizer": project.tokenizer()}

    def compute(folder: Path) -> None:
        from aurora.training.reference import compute_references

        compute_references(stage, run.checkpoint(stage.start), recipe.execution, _stores(project, stage), folder)

    settings = {**recipe.execution.numerics(), "sequence_length": stage.sequence_length}
    purpose = f"what {stage.start} says of the preference pairs of {stage.name}"
    name, folder = f"reference:{stage.name}", run.reference(stage.name)
    return [project.step(name, folder, 1, settings, inputs, compute, purpose, shared=True)]


def digest(project: Project, stage: Stage) -> dict[str, str]:
    """What was computed as an input of the stage."""
    return {} if stage.prefers is None else {"reference": project.digest(project.run.reference(stage.name), "*.npy")}


def _stores(project: Project, stage: Stage) -> dict[str, TokenStore]:
    """The stores of preference pairs among a stage's sources."""
    from aurora.tokens.spread import spread
    from aurora.tokens.store import TokenStore, store_stem

    run = project.run
    opened = {name: TokenStore.open(store_stem(run.stores, name)) for name in spread(stage, run.stores).sources}
    return {name: store for name, store in opened.items() if store.side.preferences}

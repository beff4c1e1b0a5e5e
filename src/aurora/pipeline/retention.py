"""What a stage's retention budget counts from, where no stage measures it: the run's base on each source of the stage.

One decision: it is a step of its own before the stage, so that ranks which hold only parts of a network need not load
another one. A stage that starts from the base, or from a stage with a budget for the same sources, needs none.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from aurora.evaluation.results import RESULTS, read_results
from aurora.pipeline import evaluation
from aurora.pipeline.step import Project, Step
from aurora.recipe.stages.measured import base_to_measure
from aurora.recipe.stages.stage import Stage


def steps(project: Project, stage: Stage) -> list[Step]:
    """The measurement of the base for a stage, where it needs one."""
    recipe, run = project.recipe, project.run
    base = base_to_measure(recipe, stage.name)
    if base is None:
        return []

    def inputs() -> dict[str, str]:
        return {
            "held_out": project.digest(run.corpus, "held_out/*"),
            "tokenizer": project.tokenizer(),
            "model": project.weights(base),
        }

    def measure(folder: Path) -> None:
        from aurora.evaluation.measurements import measure_sources
        from aurora.tokens.spread import spread

        monitor = evaluation.of_sources(project, spread(stage, run.stores).sources)
        measure_sources(run.checkpoint(base), monitor, recipe.execution, folder)

    settings = {"held_out_kilobytes": recipe.evaluation.held_out_kilobytes, "sources": sorted(stage.sources)}
    purpose = f"{base} on the sources of {stage.name}, whose budget counts from there"
    return [
        project.step(f"retention:{stage.name}", run.counted_from(stage.name), 1, settings, inputs, measure, purpose)
    ]


def digest(project: Project, stage: Stage) -> dict[str, str]:
    """The measurement as an input of the stage."""
    if base_to_measure(project.recipe, stage.name) is None:
        return {}
    return {"counted from": project.digest(project.run.counted_from(stage.name), RESULTS)}


def counted_from(project: Project, stage: Stage) -> Mapping[str, float]:
    """Bits per byte of the base by source, as far as a step measured them."""
    if base_to_measure(project.recipe, stage.name) is None:
        return {}
    return read_results(project.run.counted_from(stage.name))

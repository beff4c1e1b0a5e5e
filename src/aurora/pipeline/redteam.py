"""The red-team step: a written policy to prompts and answers.

One decision: it depends on no other step, so the set can be built and read before there is any text.
"""

from __future__ import annotations

from pathlib import Path

from aurora.hashes import digest_of
from aurora.pipeline.step import Project, Step
from aurora.recipe.stages.stage import IMPORTED
from aurora.shipped import places


def steps(project: Project) -> list[Step]:
    """The one step of the red-team set, where the recipe has one."""
    redteam, seed = project.recipe.redteam, project.recipe.seed
    if redteam is None:
        return []
    policy = places.find("policies", redteam.policy, project.base)

    def inputs() -> dict[str, str]:
        files = [policy, *sorted(policy.with_suffix("").glob("*.yaml"))]
        read = {path.name: digest_of(path) for path in files if path.is_file()} | project.languages()
        if redteam.reviewed is not None:
            from aurora.redteam.reviewed import files_of

            read |= {f"reviewed/{file.name}": digest_of(file) for file in files_of(project.base / redteam.reviewed)}
        if redteam.judge is not None:
            read["judge"] = digest_of(project.base / redteam.judge)
        return read

    def build(folder: Path) -> None:
        from aurora.redteam.dataset import build_redteam

        build_redteam(redteam, project.base, seed, folder)

    settings = {**redteam.stated(), "seed": seed}
    return [project.step("redteam", project.run.redteam, 1, settings, inputs, build, "policy to prompts and answers")]


def steps_of_drafts(project: Project) -> list[Step]:
    """The imported model's own answers to harmless prompts, where the recipe wants them."""
    redteam, run, execution = project.recipe.redteam, project.run, project.recipe.execution
    if redteam is None or redteam.drafts is None:
        return []
    drafts = redteam.drafts

    def inputs() -> dict[str, str]:
        from aurora.redteam.dataset import HARMLESS, SUMMARY

        read = {"model": project.weights(IMPORTED), "prompts": project.digest(run.redteam, HARMLESS, SUMMARY)}
        return read | {"tokenizer": project.tokenizer()} | project.languages()

    def build(folder: Path) -> None:
        from aurora.evaluation.measurements import draft

        draft(run.checkpoint(IMPORTED), run.tokenizer, run.redteam, execution, drafts, folder)

    purpose = "answers of the model itself to harmless prompts"
    return [project.step("drafts", run.drafts, 3, drafts.numerics(), inputs, build, purpose)]

"""The red-team step: a written policy to prompts and answers.

One decision: it depends on no other step, so the set can be built and read before there is any text.
"""

from __future__ import annotations

from pathlib import Path

from aurora.hashes import digest_of
from aurora.pipeline.step import Project, Step
from aurora.shipped import places


def steps(project: Project) -> list[Step]:
    """The one step of the red-team set, where the recipe has one."""
    redteam, seed = project.recipe.redteam, project.recipe.seed
    if redteam is None:
        return []
    policy = places.find("policies", redteam.policy, project.base)

    def inputs() -> dict[str, str]:
        files = [policy, *sorted(policy.with_suffix("").glob("*.yaml"))]
        return {path.name: digest_of(path) for path in files if path.is_file()} | project.languages()

    def build(folder: Path) -> None:
        from aurora.redteam.dataset import build_redteam

        build_redteam(redteam, project.base, seed, folder)

    settings = {**redteam.numerics(), "seed": seed}
    return [project.step("redteam", project.run.redteam, 1, settings, inputs, build, "policy to prompts and answers")]

from __future__ import annotations

from pathlib import Path

from aurora.pipeline.redteam import steps
from aurora.pipeline.step import Project
from aurora.recipe import load_recipe
from aurora.run.folder import RunFolder


def test_a_recipe_without_a_policy_has_no_red_team_step(minimal_recipe: Path, tmp_path: Path) -> None:
    assert steps(Project(load_recipe(minimal_recipe), RunFolder(tmp_path))) == []


def test_the_step_reads_the_policy_in_every_language_and_nothing_else(root: Path, tmp_path: Path) -> None:
    (step,) = steps(Project(load_recipe(root / "recipes/tiny.yaml"), RunFolder(tmp_path)))
    policy = root / "policies/eo-14110.yaml"
    languages = {path.name for path in policy.with_suffix("").glob("*.yaml")}
    assert {name for name in step.inputs() if not name.startswith("languages/")} == {policy.name, *languages}
    assert step.settings["seed"] == load_recipe(root / "recipes/tiny.yaml").recipe.seed

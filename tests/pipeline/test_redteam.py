from __future__ import annotations

from pathlib import Path

from aurora.pipeline.redteam import steps
from aurora.pipeline.step import Project
from aurora.recipe import load_recipe
from aurora.redteam.review.exporting.folder import Export, export
from aurora.run.folder import RunFolder
from review_log import reviewed


def test_a_recipe_without_a_policy_has_no_red_team_step(minimal_recipe: Path, tmp_path: Path) -> None:
    assert steps(Project(load_recipe(minimal_recipe), RunFolder(tmp_path))) == []


def test_the_step_reads_the_policy_in_every_language_and_nothing_else(root: Path, tmp_path: Path) -> None:
    (step,) = steps(Project(load_recipe(root / "recipes/tiny.yaml"), RunFolder(tmp_path)))
    policy = root / "policies/eo-14110.yaml"
    languages = {path.name for path in policy.with_suffix("").glob("*.yaml")}
    assert {name for name in step.inputs() if not name.startswith("languages/")} == {policy.name, *languages}
    assert step.settings["seed"] == load_recipe(root / "recipes/tiny.yaml").recipe.seed


def test_reviewed_items_are_read_and_a_change_of_them_is_one(root: Path, tmp_path: Path) -> None:
    export(reviewed(30).state, tmp_path / "out", Export(share=0.3))
    loaded = load_recipe(root / "recipes/tiny.yaml", [f"redteam.reviewed={tmp_path / 'out'}"])
    (step,) = steps(Project(loaded, RunFolder(tmp_path)))
    first = step.inputs()
    assert {"reviewed/train.jsonl", "reviewed/held_out.jsonl"} <= first.keys()
    export(reviewed(30).state, tmp_path / "out", Export(share=0.3, seed=2))
    assert step.inputs() != first
    assert "reviewed" not in steps(Project(load_recipe(root / "recipes/tiny.yaml"), RunFolder(tmp_path)))[0].settings

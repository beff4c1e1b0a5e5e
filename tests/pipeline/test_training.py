from __future__ import annotations

from pathlib import Path

from aurora.pipeline.step import Project
from aurora.pipeline.training import Asked, steps
from aurora.recipe import load_recipe
from aurora.recipe.stages.stage import checkpoints_of
from aurora.run.folder import RunFolder
from aurora.training.wish import AS_IT_IS, Wish


def test_a_wish_goes_to_the_first_stage_with_earlier_work_and_to_no_other(root: Path) -> None:
    base, cap, *_ = load_recipe(root / "recipes/tiny.yaml").recipe.stages.values()
    asked = Asked(Wish(restart=True))
    assert asked.take(base, has_work=False) == AS_IT_IS
    assert asked.wish
    assert asked.take(cap, has_work=True) == Wish(restart=True)
    assert asked.take(cap, has_work=True) == AS_IT_IS
    assert not asked.wish


def test_a_wish_for_a_named_stage_waits_for_it(root: Path) -> None:
    base, cap, *_ = load_recipe(root / "recipes/tiny.yaml").recipe.stages.values()
    asked = Asked(Wish(8, stage="cap"))
    assert asked.take(base, has_work=True) == AS_IT_IS
    assert asked.take(cap, has_work=False) == Wish(8, stage="cap")


def test_every_stage_and_control_has_a_step_named_as_its_checkpoint(root: Path, tmp_path: Path) -> None:
    project = Project(load_recipe(root / "recipes/tiny.yaml"), RunFolder(tmp_path))
    found = {step.name: step.folder for step in steps(project, Asked(AS_IT_IS))}
    assert found == {f"train:{name}": f"checkpoints/{name}" for name in checkpoints_of(project.recipe.stages)}
    assert {name: stage.name for name, stage in checkpoints_of(project.recipe.stages).items()} == {
        name: name for name in checkpoints_of(project.recipe.stages)
    }

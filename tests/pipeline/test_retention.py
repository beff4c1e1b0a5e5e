"""The step that measures what a retention budget counts from: where it stands, and who reads what it measured."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from aurora.pipeline import retention
from aurora.pipeline.running import steps_of
from aurora.pipeline.step import Project
from aurora.recipe import load_recipe
from aurora.run.folder import RunFolder
from small_run import write_small_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The small recipe with a budget in cat alone."""
    path = write_small_project(tmp_path)
    values = yaml.safe_load(path.read_text(encoding="utf-8"))
    values["stages"]["cat"]["retention"] = {"every_steps": 3, "budget": {"web/en": 0.01}, "least": 0.05, "most": 0.4}
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return Project(load_recipe(path), RunFolder(tmp_path / "run"))


def test_the_base_is_measured_right_before_the_stage_whose_budget_counts_from_it(project: Project) -> None:
    names = [step.name for step in steps_of(project)]
    assert names[names.index("train:cat") - 1] == "retention:cat"
    assert [name for name in names if name.startswith("retention:")] == ["retention:cat"]


def test_other_stages_read_nothing_of_it(project: Project) -> None:
    for name in ("base", "cap", "safety"):
        stage = project.recipe.stages[name]
        assert retention.steps(project, stage) == []
        assert retention.digest(project, stage) == {}
        assert retention.counted_from(project, stage) == {}


def test_what_was_measured_is_what_the_stage_counts_from(project: Project) -> None:
    stage = project.recipe.stages["cat"]
    folder = project.run.counted_from("cat")
    folder.mkdir(parents=True)
    (folder / "results.json").write_text('{"web/en": 2.5}')
    assert retention.counted_from(project, stage) == {"web/en": 2.5}
    (step,) = retention.steps(project, stage)
    assert step.folder == "retention/cat"
    assert step.settings["sources"] == sorted(stage.sources)

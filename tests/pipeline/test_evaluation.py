from __future__ import annotations

from pathlib import Path

import pytest

from aurora.pipeline.evaluation import steps
from aurora.pipeline.running import steps_of
from aurora.pipeline.step import Project
from aurora.recipe import load_recipe
from aurora.run.folder import RunFolder


def names(recipe: Path, run: Path, *overrides: str) -> list[str]:
    return [step.name for step in steps(Project(load_recipe(recipe, overrides), RunFolder(run)))]


def test_answers_are_measured_before_and_after_safety_tuning_alone(
    root: Path, minimal_recipe: Path, tmp_path: Path
) -> None:
    assert names(minimal_recipe, tmp_path) == ["evaluate:bigram", "evaluate:base"]
    assert names(root / "recipes/tiny.yaml", tmp_path)[-2:] == ["safety:cat", "safety:safety"]


def test_an_imported_model_is_measured_before_the_first_stage(root: Path, tmp_path: Path) -> None:
    """And answers prompts wherever any checkpoint does, for the base of the verdict is the model that was published."""

    def planned(*overrides: str) -> list[str]:
        loaded = load_recipe(root / "recipes/starcoder-1b.yaml", overrides)
        return [step.name for step in steps_of(Project(loaded, RunFolder(tmp_path)))]

    found = planned()
    assert found[found.index("import") :][:4] == ["import", "evaluate:model", "safety:model", "train:cap"]
    assert found[-3:] == ["evaluate:safety", "safety:cat", "safety:safety"]
    untuned = "stages.safety.mixture={web-en/en: 1}"
    assert [name for name in planned(untuned) if name.startswith("safety:")] == ["safety:model", "safety:safety"]
    without = planned(untuned, "stages.cat.mixture={web-en/en: 1}", "redteam=null")
    assert not [name for name in without if name.startswith("safety:")]
    drafting = planned("redteam.drafts={}", "redteam.languages=[en]")
    assert drafting[drafting.index("tokenizer") :][:4] == ["tokenizer", "import", "drafts", "tokens"]


def test_a_second_domain_is_read_where_the_recipe_has_one(
    root: Path, minimal_recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Project, "digest", lambda project, artifact, *patterns: f"{artifact.name} {patterns[0]}")
    read = {
        recipe: steps(Project(load_recipe(recipe), RunFolder(tmp_path)))[0].inputs()
        for recipe in (minimal_recipe, root / "recipes/tiny.yaml")
    }
    plain, demo = read.values()
    assert plain == {"held_out": "corpus held_out/*", "tokenizer": "tokenizer tokenizer.json", "tokens": "train *.bin"}
    assert demo == plain | {"other_domain": "corpus other_domain/*"}

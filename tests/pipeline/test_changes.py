"""What is told of a recipe that has changed since its run was last carried out."""

from __future__ import annotations

from pathlib import Path

import pytest

from aurora.files import write_json
from aurora.pipeline.changes import changes, tell_changes
from aurora.recipe import load_recipe


def test_values_are_compared_key_by_key() -> None:
    before = {"seed": 1, "stages": {"cap": {"tokens": 8, "peak": 0.1}}, "gone": [1]}
    after = {"seed": 1, "stages": {"cap": {"tokens": 9, "peak": 0.1}, "cat": {"tokens": 8}}}
    assert list(changes(before, after)) == [
        "stages.cap.tokens (was 8, is 9)",
        "stages.cat (was nothing, is a table)",
        "gone (was a list, is nothing)",
    ]


def test_a_forgotten_argument_is_told_and_layout_is_not(
    minimal_recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "recipe.json"
    now = load_recipe(minimal_recipe).recipe
    tell_changes(run, now)
    write_json(
        run, load_recipe(minimal_recipe, ["seed=9", "execution.keep_checkpoints=3"]).recipe.model_dump(mode="json")
    )
    assert capsys.readouterr().err == ""
    tell_changes(run, now)
    assert capsys.readouterr().err == (
        f"Since this run was last carried out its recipe has changed: seed (was 9, is {now.seed}). To keep "
        "what was made, give the values that it had.\n"
    )


def test_a_recipe_of_another_version_is_passed_over(
    minimal_recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_json(tmp_path / "recipe.json", {"name": "old", "colour": "red"})
    tell_changes(tmp_path / "recipe.json", load_recipe(minimal_recipe).recipe)
    assert capsys.readouterr().err == ""

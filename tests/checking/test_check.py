"""A recipe and its surroundings checked together, by the command and before a run."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from aurora.checking.check import Checked, check_loaded, check_recipe
from aurora.cli import main
from aurora.recipe import load_recipe
from checking.conftest import checked
from small_run import write_small_project


def test_a_sound_recipe_has_nothing(recipe: Path, tmp_path: Path) -> None:
    assert checked(recipe) == Checked(recipe, [], [])
    assert check_recipe(write_small_project(tmp_path / "whole")).mistakes == []


def test_a_machine_without_what_training_needs_may_build_the_corpus(recipe: Path) -> None:
    loaded = load_recipe(recipe, ["execution.device=cuda"])
    assert check_loaded(loaded).mistakes
    assert check_loaded(loaded, until="tokens").mistakes == []
    assert check_loaded(loaded, here=False).mistakes == []


def test_a_sound_recipe_and_its_surroundings_are_told_of_together(
    recipe: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is wrong in the file hides nothing that is wrong beside it."""
    (recipe.parent / "web.jsonl").unlink()
    recipe.write_text(recipe.read_text().replace("batch_tokens: 64", "batch_tokens: 65").replace("seed", "sede"))
    with pytest.raises(SystemExit) as ended:
        main(["check", str(recipe), "--json"])
    assert ended.value.code == 2
    told = json.loads(capsys.readouterr().out)
    assert [re.findall(r"line (\d+): ([\w.]+):", one) for one in told["mistakes"]] == [
        [("4", "corpus.sources.web.paths")],
        [("13", "stages.base.batch_tokens")],
    ]


def test_a_run_begins_with_it_and_writes_nothing(recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["run"], ["run", "--dry-run"], ["train", "--stage", "base"]):
        run = recipe.parent / "made"
        arguments = [*command[:1], str(recipe), "stages.base.mixture={web/sv: 1}", *command[1:], "--output", str(run)]
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 2
        assert "none of the 20 documents of web is 'sv' (did you mean web/en?)" in capsys.readouterr().err
        assert not run.exists()

from __future__ import annotations

from pathlib import Path

import pytest

from aurora.api.runs import open_run, run_folder, run_recipe
from aurora.errors import UserError
from aurora.recipe import load_recipe


def test_a_run_lies_where_it_is_asked_for_or_under_its_name(minimal_recipe: Path) -> None:
    loaded = load_recipe(minimal_recipe)
    assert run_folder(loaded) == Path("runs/small")
    assert run_folder(loaded, "elsewhere") == Path("elsewhere")


def test_a_folder_that_is_no_run_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"is not a run: give runs/NAME"):
        open_run(tmp_path)


def test_a_stage_cannot_go_on_and_begin_anew(minimal_recipe: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="give one of them"):
        run_recipe(minimal_recipe, tmp_path / "run", resume_from=0, restart=True)
    assert not (tmp_path / "run").exists()

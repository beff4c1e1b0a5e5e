from __future__ import annotations

from pathlib import Path

import pytest

from aurora.errors import AuroraError, UserError
from aurora.files import write_json
from aurora.manifest import artifact
from aurora.runs import checkpoint_of, verify_run


@pytest.fixture
def run(tmp_path: Path) -> Path:
    write_json(tmp_path / "recipe.json", {"stages": {"cap": {}, "base": {}, "safety": {}}})
    for stage in ("base", "cap"):
        with artifact(tmp_path / "checkpoints" / stage, f"train:{stage}", 1, {}, {}) as folder:
            write_json(folder / "architecture.json", {"stage": stage})
    return tmp_path


def test_the_last_finished_stage_is_taken_in_the_recipes_order(run: Path) -> None:
    assert checkpoint_of(run) == run / "checkpoints/base"
    assert checkpoint_of(run, "cap") == run / "checkpoints/cap"
    assert checkpoint_of(run / "checkpoints/cap") == run / "checkpoints/cap"


def test_what_is_not_there_is_said(run: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no finished stage 'safety'; it has base, cap"):
        checkpoint_of(run, "safety")
    with pytest.raises(UserError, match="neither a run nor a checkpoint"):
        checkpoint_of(tmp_path / "checkpoints")
    with pytest.raises(UserError, match="leave --stage cap away"):
        checkpoint_of(run / "checkpoints/base", "cap")


def test_verify_names_what_is_damaged(run: Path) -> None:
    assert verify_run(run) == "2 files in 2 artifacts are as they were written."
    path = run / "checkpoints/cap/architecture.json"
    path.write_text(path.read_text().replace("cap", "cop"))
    with pytest.raises(AuroraError, match=r"Damaged: .*checkpoints/cap/architecture\.json"):
        verify_run(run)

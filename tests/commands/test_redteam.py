"""`aurora redteam generate`: the set of a policy, and the recipe that names none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aurora.errors import UserError
from commands.conftest import invoke
from small_run import write_small_project


def test_the_set_is_written_alone_and_its_summary_printed(tmp_path: Path) -> None:
    recipe = write_small_project(tmp_path)
    done = invoke("redteam", "generate", recipe, "redteam.languages=[fi]", "--output", tmp_path / "run", "--json")
    summary = json.loads(done.stdout)
    folder = tmp_path / "run/redteam"
    assert summary == json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert summary["policy"]["name"] == "eo-14110"
    rows = [json.loads(line) for path in folder.glob("*.jsonl") for line in path.read_text("utf-8").splitlines()]
    assert {row["language"] for row in rows} == {"fi"}
    assert not (tmp_path / "run/corpus").exists()
    again = invoke("redteam", "generate", recipe, "redteam.languages=[fi]", "--output", tmp_path / "run")
    assert again.stdout == ""
    assert "Nothing to do" in again.stderr


def test_a_recipe_without_a_policy_has_no_such_step(minimal_recipe: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="redteam"):
        invoke("redteam", "generate", minimal_recipe, "--output", tmp_path / "run")
    assert not (tmp_path / "run/redteam").exists()

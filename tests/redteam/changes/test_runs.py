"""What hangs on an edited clause in a run whose red-team set was made; `test_end_to_end` looks into a whole one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aurora.api.policies import open_policy
from aurora.errors import UserError
from aurora.pipeline.running import run_recipe
from aurora.recipe import load_recipe
from aurora.redteam.changes.clauses import Changes, changes_between
from aurora.redteam.changes.runs import look_into
from aurora.redteam.review.exporting.folder import Export, export
from edited_policy import reviewed_club, write_versions
from small_run import write_small_project


@pytest.fixture
def changes(tmp_path: Path) -> Changes:
    old, new = write_versions(tmp_path)
    return changes_between(open_policy(old), open_policy(new))


def run_with(folder: Path, policy: str) -> Path:
    recipe = write_small_project(folder)
    text = recipe.read_text(encoding="utf-8").splitlines()
    recipe.write_text(
        "\n".join(f"  policy: {policy}" if "policy:" in line else line for line in text), encoding="utf-8"
    )
    run_recipe(load_recipe(recipe), folder / "run", only="redteam")
    return folder / "run"


def test_items_of_the_clause_hang_and_no_others(changes: Changes, tmp_path: Path) -> None:
    run = run_with(tmp_path / "a", str(tmp_path / "old/club.yaml"))
    found = look_into(run, changes)
    assert found.categories == ["privacy"]
    for name in ("train", "held_out"):
        rows = [json.loads(line) for line in (run / f"redteam/{name}.jsonl").read_text("utf-8").splitlines()]
        assert found.items[f"redteam/{name}.jsonl"] == [row["id"] for row in rows if row["category"] == "privacy"]
        assert found.items[f"redteam/{name}.jsonl"]
    assert (found.checkpoints, found.answers, found.report) == ([], {}, [])


def test_nothing_hangs_in_a_run_of_the_new_version(changes: Changes, tmp_path: Path) -> None:
    found = look_into(run_with(tmp_path / "a", str(tmp_path / "new/club.yaml")), changes)
    assert (found.categories, found.items) == ([], {})


def test_a_run_of_another_policy_or_version_is_refused(changes: Changes, tmp_path: Path) -> None:
    run = run_with(tmp_path / "a", "eo-14110")
    with pytest.raises(UserError, match="was made with the policy eo-14110, not club"):
        look_into(run, changes)
    summary = json.loads((run / "redteam/summary.json").read_text("utf-8"))
    summary |= {"policy": {"name": "club"}, "clauses": {"privacy": "0123456789abcdef"}}
    (run / "redteam/summary.json").write_text(json.dumps(summary))
    with pytest.raises(UserError, match="another version of club, in which privacy reads otherwise"):
        look_into(run, changes)
    del summary["clauses"]
    (run / "redteam/summary.json").write_text(json.dumps(summary))
    with pytest.raises(UserError, match="does not say which clauses"):
        look_into(run, changes)
    with pytest.raises(UserError, match="is not a run"):
        look_into(tmp_path, changes)


def test_reviewed_items_hang_by_the_clause_that_each_was_labelled_under(changes: Changes, tmp_path: Path) -> None:
    project = reviewed_club(tmp_path / "old/club.yaml")
    export(project.state, tmp_path / "export", Export("jsonl", 0.4, 1))
    recipe = write_small_project(tmp_path / "a")
    text = recipe.read_text(encoding="utf-8")
    text = text.replace("languages: [en, fi]", f"languages: [en]\n  reviewed: {tmp_path / 'export'}")
    recipe.write_text(text, encoding="utf-8")
    run_recipe(load_recipe(recipe), tmp_path / "run", only="redteam")
    found = look_into(tmp_path / "run", changes)
    assert found.categories == ["privacy"]
    assert sorted(found.items["redteam/train.jsonl"] + found.items["redteam/held_out.jsonl"]) == [
        "i0",
        "i1",
        "i2",
        "i3",
    ]

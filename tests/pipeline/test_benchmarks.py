"""Every checkpoint is asked what the recipe wants, once; and the report compares them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aurora.evaluation.tasks.files import read_suite
from aurora.files import read_json
from aurora.pipeline.benchmarks import _row, asked, during_training, wanted_during
from aurora.pipeline.running import run_recipe, steps_of
from aurora.pipeline.step import Project
from aurora.recipe import load_recipe
from aurora.run.folder import RunFolder
from small_run import RECIPE, write_small_project

TASKS = "  suites: [finnish]\n  data: [items]\n  task_items: 3\n"


def with_tasks(folder: Path) -> Path:
    """The small project with one task of a suite beside it."""
    recipe = write_small_project(folder)
    text = recipe.read_text(encoding="utf-8").replace("  answer_tokens: 4\n", f"  answer_tokens: 4\n{TASKS}")
    recipe.write_text(text, encoding="utf-8")
    write_items(folder, 5)
    return recipe


def write_items(folder: Path, count: int) -> None:
    rows = [
        {"id": n, "question": f"Joki {n}", "choices": ["ilo", "suru", "viha"], "answer": n % 3} for n in range(count)
    ]
    (folder / "items").mkdir(exist_ok=True)
    (folder / "items/xed_fi.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")


def test_the_steps_follow_those_of_the_measurements(tmp_path: Path) -> None:
    loaded = load_recipe(with_tasks(tmp_path))
    names = [step.name for step in steps_of(Project(loaded, RunFolder(tmp_path / "run")))]
    assert names[-5:] == ["tasks:base", "tasks:cap", "tasks:cap-without-replay", "tasks:cat", "tasks:safety"]
    assert asked(load_recipe(write_small_project(tmp_path / "other")).recipe) == []
    assert "suites" not in RECIPE


def test_what_tasks_are_asked_with_moves_no_other_measurement(tmp_path: Path) -> None:
    evaluation = load_recipe(with_tasks(tmp_path)).recipe.evaluation
    assert evaluation.numerics() == load_recipe(write_small_project(tmp_path / "other")).recipe.evaluation.numerics()
    assert evaluation.of_tasks() == {"suites": ["finnish"], "items": 3}


@pytest.mark.slow
def test_a_run_asks_every_checkpoint_once_and_reports_what_changed(tmp_path: Path) -> None:
    recipe, run = with_tasks(tmp_path), tmp_path / "run"
    done = run_recipe(load_recipe(recipe), run)
    assert "tasks:safety" in done["ran"]
    report = read_json(run / "report.json")
    rows = {(row["checkpoint"], row["form"]): row for row in report["tasks"]}
    assert {name for name, _ in rows} == {"base", "cap", "cap-without-replay", "cat", "safety"}
    assert rows["base", "cloze"]["change"] is None
    assert rows["safety", "choice"]["change"]["verdict"] in ("cannot tell", "gained", "forgot")
    assert rows["safety", "choice"]["items"] == 3
    assert "Tasks: safety beside" in (run / "report.html").read_text(encoding="utf-8")
    left_out = read_json(run / "tasks/cap/results.json")["settings"]["left_out"]
    assert list(left_out) == [name for name in read_suite("finnish").tasks if name != "xed_fi"]
    assert run_recipe(load_recipe(recipe), run)["ran"] == []
    write_items(tmp_path, 6)
    ran = run_recipe(load_recipe(recipe), run)["ran"]
    assert ran == ["tasks:base", "tasks:cap", "tasks:cap-without-replay", "tasks:cat", "tasks:safety"]


def asking(folder: Path) -> Path:
    """The small project whose second stage is asked two tasks while it is trained."""
    recipe = write_small_project(folder)
    text = recipe.read_text(encoding="utf-8").replace("  answer_tokens: 4\n", "  answer_tokens: 4\n  data: [items]\n")
    ask = "ask: {tasks: [xed_fi, pronouns], every_tokens: 8192, items: 3}"
    recipe.write_text(text.replace("  cap:\n", f"  cap:\n    {ask}\n"), encoding="utf-8")
    write_items(folder, 5)
    return recipe


@pytest.mark.slow
def test_a_stage_is_asked_while_it_is_trained_and_nothing_else_changes(tmp_path: Path) -> None:
    recipe, run = asking(tmp_path), tmp_path / "run"
    run_recipe(load_recipe(recipe, ["stages.cap.ask=null"]), run, until="train:cap")
    weights = (run / "checkpoints/cap/model.safetensors").read_bytes()
    assert not (run / "checkpoints/cap/asked.json").exists()
    assert (
        run_recipe(load_recipe(recipe), run, until="train:cap")["ran"] == []
    )  # it decides nothing: nothing runs again

    again = tmp_path / "again"
    run_recipe(load_recipe(recipe), again)
    assert (again / "checkpoints/cap/model.safetensors").read_bytes() == weights
    report = read_json(again / "report.json")
    stages = {stage["name"]: stage for stage in report["stages"]}
    assert [point["step"] for point in stages["cap"]["asked"]] == [0, 16, 32]
    assert [point["step"] for point in report["control"]["asked"]] == [0, 16, 32]
    units = [(score["task"], score["form"]) for score in stages["cap"]["asked"][1]["scores"]]
    assert units == [("xed_fi", "cloze"), ("xed_fi", "choice"), ("pronouns", "cloze"), ("pronouns", "choice")]
    assert all(score["items"] == 3 for score in stages["cap"]["asked"][2]["scores"])
    assert "asked" not in stages["base"]
    assert "Tasks as training went on" in (again / "report.html").read_text(encoding="utf-8")


def test_what_a_stage_is_asked_has_the_data_of_the_recipe(tmp_path: Path) -> None:
    loaded = load_recipe(asking(tmp_path))
    project = Project(loaded, RunFolder(tmp_path / "run"))
    ask = loaded.recipe.stages["cap"].ask
    assert ask is not None
    wanted = wanted_during(loaded.recipe, loaded.base, ask)
    assert (wanted.tasks, wanted.data, wanted.limit) == (("xed_fi", "pronouns"), (tmp_path / "items",), 3)
    assert during_training(project, loaded.recipe.stages["base"]) is None


def test_a_score_names_the_kin_of_its_task_that_the_checkpoint_learnt_from() -> None:
    row = {"task": "gsm8k_en", "form": "ask", "model": "cat", "chance": None, "wordings": {}, "stands_out": None}
    scored = {**row, "score": {"items": 3, "mean": 0.5, "low": None, "high": None}}
    learnt = {"gsm8k": ["math", "sums"], "mgsm": ["math"]}
    assert _row(scored, "en", learnt)["kin"] == ["math", "sums"]
    assert _row(scored, "en", {})["kin"] == []

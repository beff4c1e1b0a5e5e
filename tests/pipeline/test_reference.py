"""The step that computes what a stage's start says of its preference pairs: where it stands, what it follows from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from aurora.api.runs import open_run
from aurora.errors import Mistakes
from aurora.pipeline import reference
from aurora.pipeline.running import run_recipe, steps_of
from aurora.pipeline.step import Project
from aurora.recipe import load_recipe
from aurora.run.folder import RunFolder
from aurora.training.records.metrics import read_metrics
from small_run import write_small_project

DPO: dict[str, Any] = {
    "start": "cat",
    "tokens": 4096,
    "batch_tokens": 1024,
    "sequence_length": 256,
    "mixture": {"redteam/preferences": 2, "prefs/fi": 1, "web/en": 1},
    "objective": "dpo",
    "document_masks": True,
    "position_resets": True,
    "schedule": {"peak": 1e-3},
}
PAIR = {"prompt": "Miksi?", "chosen": "Siksi.", "rejected": "En tiedä."}


def write_project(folder: Path, **stage: Any) -> Path:
    """The small recipe whose safety stage learns from preference pairs."""
    path = write_small_project(folder)
    values = yaml.safe_load(path.read_text(encoding="utf-8"))
    values["model"]["architecture"]["positions"] = 256
    values["redteam"]["preferences"] = True
    values["tokens"]["preferences"] = {"prefs/fi": {"path": "pairs.jsonl", "license": "CC0-1.0"}}
    values["stages"]["cap"].pop("control")
    values["stages"]["safety"] = DPO | stage
    for name in ("base", "cap", "cat"):
        values["stages"][name]["tokens"] = 1024
    (folder / "pairs.jsonl").write_text(json.dumps(PAIR, ensure_ascii=False) + "\n", encoding="utf-8")
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return path


def project_of(path: Path) -> Project:
    return Project(load_recipe(path), RunFolder(path.parent / "run"))


def test_the_start_is_asked_right_before_the_stage(tmp_path: Path) -> None:
    steps = steps_of(project_of(write_project(tmp_path)))
    names = [step.name for step in steps]
    assert names[names.index("train:safety") - 1] == "reference:safety"
    assert [name for name in names if name.startswith("reference:")] == ["reference:safety"]
    step = steps[names.index("reference:safety")]
    assert step.shared
    assert not step.takes_up_edited_work


def test_other_stages_ask_nothing(tmp_path: Path) -> None:
    project = project_of(write_project(tmp_path))
    assert reference.steps(project, project.recipe.stages["cat"]) == []
    assert reference.digest(project, project.recipe.stages["cat"]) == {}


@pytest.mark.slow
def test_a_run_learns_from_pairs_and_only_what_depends_on_a_setting_reruns(tmp_path: Path) -> None:
    path = write_project(tmp_path)
    run_recipe(load_recipe(path), tmp_path / "run", until="train:safety")
    folder = RunFolder(tmp_path / "run").reference("safety")
    stores = {"redteam.preferences.npy", "prefs.fi.npy"}
    assert {file.name for file in folder.iterdir()} == stores | {"manifest.json"}
    assert np.load(folder / "prefs.fi.npy").shape == (1, 2)
    records = read_metrics(tmp_path / "run/checkpoints/safety/metrics.jsonl")
    assert all(np.isfinite(record["loss"]) for record in records if "loss" in record)

    other = ["stages.safety.objective={dpo: {beta: 0.5}}", "stages.safety.tokens=5120"]
    assert run_recipe(load_recipe(path, other), tmp_path / "run", until="train:safety")["ran"] == ["train:safety"]
    shown = open_run(tmp_path / "run").tokens.sequence(0)
    assert {document["side"] for document in shown["documents"] if "side" in document} <= {"chosen", "rejected"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"mixture": {"web/en": 1}}, "stages.safety.objective: dpo needs preference pairs in the mixture"),
        ({"objective": "likelihood"}, "holds preference pairs, which need objective: dpo"),
        ({"objective": "dop"}, "stages.safety.objective"),
        ({"start": "model"}, "a new network says nothing yet"),
        ({"document_masks": False}, "dpo needs document_masks and position_resets"),
    ],
)
def test_a_stage_that_could_not_compare_is_refused(changes: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(Mistakes) as error:
        load_recipe(write_project(tmp_path, **changes))
    assert any(said in sentence for sentence in error.value.sentences)

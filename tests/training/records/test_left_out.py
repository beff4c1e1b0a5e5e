"""The batches that a guard left out, as a file that an interrupted stage ends with too."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from aurora.recipe.stages.stage import Guard
from aurora.training.guard import Fault
from aurora.training.records.left_out import FILE, LeftOut
from aurora.training.records.metrics import read_metrics
from training.disturbing import spoil
from training.small_stage import Lab, left_out


def contents(step: int) -> list[dict[str, int]]:
    return [{"sequence": step}]


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / FILE).read_text(encoding="utf-8").splitlines()]


def test_a_fault_is_told_after_the_steps_that_are_undone_with_it(tmp_path: Path) -> None:
    LeftOut(tmp_path, 0, contents).write(7, Fault("loss_spike", 9.5, "the loss is large"), range(5, 7))
    assert lines(tmp_path) == [
        {"step": 5, "found_at": 7, "reason": "rolled_back", "value": None, "sequences": [{"sequence": 4}]},
        {"step": 6, "found_at": 7, "reason": "rolled_back", "value": None, "sequences": [{"sequence": 5}]},
        {"step": 7, "found_at": 7, "reason": "loss_spike", "value": 9.5, "sequences": [{"sequence": 6}]},
    ]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_is_a_text_so_that_every_line_is_json(tmp_path: Path, value: float) -> None:
    LeftOut(tmp_path, 0, contents).write(1, Fault("loss_not_finite", value, "the loss is none"), ())
    assert [line["value"] for line in lines(tmp_path)] == [str(value)]


def test_a_stage_that_goes_on_drops_what_was_found_after_its_checkpoint(tmp_path: Path) -> None:
    """By the step whose numbers condemned a batch, not by the batch's own: step 2 here was undone by step 7."""
    before = LeftOut(tmp_path, 0, contents)
    before.write(4, Fault("loss_spike", 9.0, ""), ())
    before.write(7, Fault("loss_spike", 9.0, ""), [2])
    LeftOut(tmp_path, 7, contents)
    assert [line["step"] for line in lines(tmp_path)] == [4, 2, 7]
    LeftOut(tmp_path, 6, contents)
    assert [line["step"] for line in lines(tmp_path)] == [4]


def test_without_a_fault_there_is_no_file(tmp_path: Path) -> None:
    LeftOut(tmp_path, 0, contents)
    assert not (tmp_path / FILE).exists()


def test_what_was_left_out_is_told_by_document(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = lab.stage(16, guard=Guard(deviations=6.0, window=5), mixture={"web/en": 1, "redteam/pairs": 1})
    spoil(monkeypatch, {8: math.nan, 12: 50.0})
    lab.train("stage", stage)
    lines = left_out(lab.folder / "stage")
    assert [(line["step"], line["found_at"], line["reason"]) for line in lines] == [
        (9, 9, "loss_not_finite"),
        (13, 13, "loss_spike"),
    ]
    assert lines[0]["value"] == "nan"
    assert lines[1]["value"] == read_metrics(lab.folder / "stage/metrics.jsonl")[12]["loss"]
    loader = lab.loader(stage)
    assert [(it["source"], it["index"]) for it in lines[0]["sequences"]] == [
        (window.source, window.index) for window in loader.batch(8).windows
    ]
    assert [it["sequence"] for it in lines[0]["sequences"]] == list(range(48, 54))
    for it in lines[1]["sequences"]:
        assert it["documents"] == loader.rows[it["source"]].documents(it["index"])

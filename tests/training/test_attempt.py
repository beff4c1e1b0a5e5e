"""What is put around updates: records and signals, each at its step."""

from __future__ import annotations

import json
import math
import signal

import pytest

from aurora.recipe.stages.stage import Guard
from aurora.training.records.metrics import read_metrics
from training.disturbing import Interrupting, PartlySilent, spoil
from training.small_stage import LENGTH, ROWS, Lab, assert_same, updates


def test_a_signal_in_the_last_step_ends_after_the_final_files(lab: Lab) -> None:
    stage = lab.stage()
    with pytest.raises(KeyboardInterrupt):
        lab.train("stopped", stage, batches=Interrupting(lab.loader(stage), 11, signal.SIGINT))
    lab.train("undisturbed", stage)
    assert_same(lab.folder / "undisturbed", lab.folder / "stopped")


def test_a_growing_batch_is_read_recorded_and_gone_on_with_in_the_middle(lab: Lab) -> None:
    ramp = {"start": 2 * LENGTH, "increment": 2 * LENGTH, "tokens": 24 * LENGTH}
    stage = lab.stage(10, ramp=ramp)  # 6 steps of 2 sequences, 3 of 4, then 6 of 6
    sizes = [2] * 6 + [4] * 3 + [ROWS] * 6
    lab.train("whole", stage)
    for step in (3, 6, 8, 9):
        with pytest.raises(SystemExit):
            lab.train("cut", stage, batches=Interrupting(lab.loader(stage), step, signal.SIGTERM))
    lab.train("cut", stage)
    assert_same(lab.folder / "whole", lab.folder / "cut")
    records = read_metrics(lab.folder / "whole/metrics.jsonl")
    assert [record["tokens"] for record in records] == [LENGTH * sum(sizes[:step]) for step in range(1, 16)]
    state = json.loads((lab.folder / "whole/state.json").read_text())
    assert (state["step"], state["sequence"], state["tokens"]) == (15, sum(sizes), sum(sizes) * LENGTH)


@pytest.mark.parametrize("factor", [math.nan, math.inf, 50.0])
def test_a_spoilt_step_is_left_out_and_recorded_also_after_an_interruption(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], factor: float
) -> None:
    stage = lab.stage(16, guard=Guard(deviations=6.0, window=5))
    spoil(monkeypatch, {8: factor, 12: factor})
    lab.train("undisturbed", stage)
    said = capsys.readouterr().err
    assert "Step 9 of stage base (sequences 48 to 53) is left out: the loss is " in said
    records = read_metrics(lab.folder / "undisturbed/metrics.jsonl")
    assert [record["step"] for record in records if "left_out" in record] == [9, 13]
    assert ("loss" in records[8]) == math.isfinite(factor)
    assert updates(lab.folder / "undisturbed") == 14
    assert json.loads((lab.folder / "undisturbed/state.json").read_text())["loss_tokens"] == 14 * ROWS * LENGTH
    assert max(record["loss"] for record in records if "left_out" not in record) == records[0]["loss"]
    for step in (3, 10):
        with pytest.raises(KeyboardInterrupt):
            lab.train("stopped", stage, batches=Interrupting(lab.loader(stage), step, signal.SIGINT))
    lab.train("stopped", stage)
    assert_same(lab.folder / "undisturbed", lab.folder / "stopped")


@pytest.mark.parametrize("guard", [Guard(), Guard(action="rollback", steps=2, deviations=6.0, window=4)])
def test_a_step_in_which_nothing_counts_moves_nothing(
    lab: Lab, capsys: pytest.CaptureFixture[str], guard: Guard
) -> None:
    """Also where the stage is interrupted behind it, and in one that has no other steps."""
    stage = lab.stage(guard=guard)
    lab.train("stage", stage, batches=PartlySilent(lab.loader(stage), {0, 4, 11}))
    said = capsys.readouterr().err
    assert (
        "Step 5 of stage base (sequences 24 to 29) did not change the weights: none of its tokens counts in the loss"
        in said
    )
    records = read_metrics(lab.folder / "stage/metrics.jsonl")
    assert [record["step"] for record in records if "loss" not in record] == [1, 5, 12]
    assert [record["loss_tokens"] for record in records[3:5]] == [ROWS * LENGTH, 0]
    assert all("left_out" not in record for record in records)
    with pytest.raises(KeyboardInterrupt):
        lab.train("killed", stage, batches=Interrupting(PartlySilent(lab.loader(stage), {0, 4, 11}), 6, signal.SIGINT))
    lab.train("killed", stage, batches=PartlySilent(lab.loader(stage), {0, 4, 11}))
    assert_same(lab.folder / "stage", lab.folder / "killed")
    silent = lab.train("silent", stage, batches=PartlySilent(lab.loader(stage), set(range(12))))
    assert (silent["step"], silent["loss_tokens"]) == (12, 0)

from __future__ import annotations

import json
import signal
from typing import Any

import numpy as np
import pytest
import torch

from aurora.model.folder import load_model
from aurora.recipe.stages.stage import Change, Stage
from aurora.training.records.metrics import read_metrics
from aurora.training.records.sources import read_sources
from aurora.training.schedule import learning_rate
from training.disturbing import Interrupting
from training.small_stage import LENGTH, ROWS, Lab, assert_same, timeless

WEIGHTS = ("model.safetensors", "optimizer.safetensors")
FILES = {*WEIGHTS, "architecture.json", "tokenizer.json", "state.json", "metrics.jsonl", "sources.json"}


def test_a_stage_learns_and_leaves_the_files_of_a_model_folder(lab: Lab) -> None:
    stage = lab.stage(30)
    summary = lab.train("stage", stage)
    folder = lab.folder / "stage"
    assert {path.name for path in folder.iterdir()} == FILES
    assert read_sources(folder) == {"steps": 30}  # all that were made
    records = read_metrics(folder / "metrics.jsonl")
    assert [record["step"] for record in records] == list(range(1, 31))
    assert [record["tokens"] for record in records] == [step * ROWS * LENGTH for step in range(1, 31)]
    assert records[0]["loss"] == pytest.approx(np.log(48), rel=0.05)
    assert records[-1]["loss"] < records[0]["loss"] - 1
    assert records[4]["learning_rate"] == learning_rate(stage.course, 4)
    assert all(record["gradient_norm"] > 0 and record["tokens_per_second"] > 0 for record in records)
    assert [record["seconds"] for record in records] == sorted(record["seconds"] for record in records)

    state = json.loads((folder / "state.json").read_text())
    assert timeless(state) == {
        "stage": "base", "made_with": {"seed": 7}, "edits": [], "precision": "fp32", "threads": 1,
        "step": 30, "weights_of": 30, "sequence": 30 * ROWS, "tokens": 30 * ROWS * LENGTH,
        "loss_tokens": 30 * ROWS * LENGTH,
    }  # fmt: skip
    assert summary == {**records[-1], **state}
    model, _ = load_model(folder)
    assert model.vocabulary == 48
    assert list((lab.folder / "tensorboard" / "stage").iterdir())


def test_a_finished_stage_is_not_trained_again(lab: Lab) -> None:
    first = lab.train("stage")
    assert lab.train("stage", batches=None) == first  # a loader is not even needed


def test_two_runs_are_the_same_to_the_byte(lab: Lab) -> None:
    lab.train("left")
    lab.train("right", execution=lab.execution(checkpoint_seconds=1e-9))
    assert_same(lab.folder / "left", lab.folder / "right")


@pytest.mark.parametrize(("number", "raised"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)])
def test_a_signal_lets_the_step_end_and_saves_and_the_same_command_goes_on(
    lab: Lab, number: signal.Signals, raised: type[BaseException], capsys: pytest.CaptureFixture[str]
) -> None:
    stage = lab.stage()
    lab.train("undisturbed", stage)
    with pytest.raises(raised):
        lab.train("stopped", stage, batches=Interrupting(lab.loader(stage), 4, number))
    assert "saved at step 5 of 12; run the same command to go on." in capsys.readouterr().err
    assert (lab.folder / "stopped/step-00000005/state.json").is_file()
    lab.train("stopped", stage)
    assert_same(lab.folder / "undisturbed", lab.folder / "stopped")


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_resuming_is_exact_with_dropout_and_in_every_precision(lab: Lab, precision: str) -> None:
    stage, model = lab.stage(), lab.new_model(dropout=0.2)
    execution = lab.execution(precision=precision)
    lab.train("undisturbed", stage, start=model, execution=execution)
    for step in (3, 7):
        with pytest.raises(KeyboardInterrupt):
            loader = Interrupting(lab.loader(stage), step, signal.SIGINT)
            lab.train("stopped", stage, start=model, execution=execution, batches=loader)
    lab.train("stopped", stage, start=model, execution=execution)
    assert_same(lab.folder / "undisturbed", lab.folder / "stopped")


def test_a_mixture_edited_ahead_keeps_the_work_done_before(lab: Lab) -> None:
    """Interrupted after step 5, then given other weights from step 8 on."""

    def train(name: str, stage: Stage, **settings: Any) -> None:
        decided = lambda steps: stage.until(steps).numerics()  # noqa: E731
        lab.train(name, stage, start=lab.new_model(dropout=0.2), made_with=decided, **settings)

    before = lab.stage()
    edited = lab.stage(changes=[Change(from_tokens=8 * ROWS * LENGTH, mixture={"redteam/pairs": 1})])
    train("undisturbed", edited)
    with pytest.raises(KeyboardInterrupt):
        train("edited", before, batches=Interrupting(lab.loader(before), 4, signal.SIGINT))
    train("edited", edited)
    assert_same(lab.folder / "undisturbed", lab.folder / "edited")


def test_bf16_follows_fp32_within_its_rounding(lab: Lab) -> None:
    stage = lab.stage(30)
    losses = [
        lab.train(precision, stage, execution=lab.execution(precision=precision))["loss"]
        for precision in ("fp32", "bf16")
    ]
    assert losses[1] == pytest.approx(losses[0], rel=0.02)
    stored, _ = load_model(lab.folder / "bf16")
    assert any(not torch.equal(weight, weight.bfloat16().float()) for weight in stored.parameters())


def test_going_on_in_another_precision_is_said(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    stage = lab.stage()
    with pytest.raises(KeyboardInterrupt):
        lab.train("stage", stage, batches=Interrupting(lab.loader(stage), 4, signal.SIGINT))
    lab.train("stage", stage, execution=lab.execution(precision="bf16"))
    assert "was trained in fp32 so far and continues in bf16" in capsys.readouterr().err

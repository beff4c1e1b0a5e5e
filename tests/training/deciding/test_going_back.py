"""Going back behind a fault: to which checkpoint, and that nothing of what was undone stays."""

from __future__ import annotations

import json
import math
import shutil
import signal
from collections.abc import Sequence

import pytest

from aurora.errors import AuroraError
from aurora.recipe.stages.stage import Guard, Optimizer
from aurora.training.records.metrics import read_metrics
from aurora.training.schedule import learning_rate
from aurora.training.trainer import Trainer, Update
from training.disturbing import Interrupting, spoil
from training.small_stage import LENGTH, ROWS, Lab, assert_same, left_out, updates

WEIGHTS = ("model.safetensors", "optimizer.safetensors")
ROLLBACK = Guard(action="rollback", steps=4, deviations=6.0, window=4)


@pytest.mark.parametrize("factor", [math.nan, 50.0])
def test_a_fault_undoes_the_steps_since_an_older_checkpoint(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], factor: float
) -> None:
    """Found in step 11: back to that of step 4, from which the stage goes on with the batch of step 12."""
    stage = lab.stage(16, guard=ROLLBACK)
    spoil(monkeypatch, {10: factor})
    lab.train("stage", stage, execution=lab.execution(keep_every_steps=1), start=lab.new_model(dropout=0.2))
    folder = lab.folder / "stage"
    assert "Stage base goes back to step 4; all steps from there to 11 are left out." in capsys.readouterr().err
    for name in WEIGHTS:
        before, after = (folder / f"step-{step:08d}" / name for step in (4, 11))
        assert before.read_bytes() == after.read_bytes()
        assert before.read_bytes() != (folder / "step-00000010" / name).read_bytes()
    records = read_metrics(folder / "metrics.jsonl")
    assert [record["step"] for record in records] == list(range(1, 17))
    assert [record["step"] for record in records if "left_out" in record] == [11]
    assert records[10]["returned_to"] == 4
    assert [record["learning_rate"] for record in records] == [learning_rate(stage.course, step) for step in range(16)]
    assert [(line["step"], line["found_at"]) for line in left_out(folder)] == [(step, 11) for step in range(5, 12)]
    assert [line["reason"] for line in left_out(folder)][:-1] == ["rolled_back"] * 6
    assert updates(folder) == 4 + 5
    assert json.loads((folder / "state.json").read_text())["loss_tokens"] == 9 * ROWS * LENGTH


def test_a_fault_early_in_a_stage_goes_back_to_its_start(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.train("first")
    stage = lab.stage(6, guard=ROLLBACK, optimizer=Optimizer(carry=True))
    spoil(monkeypatch, {2: math.nan})
    execution = lab.execution(keep_every_steps=3)
    lab.train("stage", stage, start=lab.folder / "first", execution=execution)
    for name in WEIGHTS:
        assert (lab.folder / "stage/step-00000003" / name).read_bytes() == (lab.folder / "first" / name).read_bytes()
    lab.train("new", stage.model_copy(update={"optimizer": Optimizer()}), execution=execution)
    assert updates(lab.folder / "new") == 3
    assert updates(lab.folder / "new/step-00000003") == 0


@pytest.mark.parametrize("stops", [(2, 9), (10,), (11, 12), (15, 17, 24), range(1, 26)])
def test_a_stage_interrupted_around_a_rollback_ends_as_if_it_was_not(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, stops: Sequence[int]
) -> None:
    """Found in steps 11, 14 (back to the same, as that of 8 was undone with the first) and 24."""
    stage = lab.stage(26, guard=ROLLBACK, mixture={"web/en": 1, "redteam/pairs": 1})
    spoil(monkeypatch, {10: math.nan, 13: math.inf, 23: 50.0})
    often = lab.execution(checkpoint_seconds=1e-9)
    lab.train("undisturbed", stage)
    records = read_metrics(lab.folder / "undisturbed/metrics.jsonl")
    assert [record["returned_to"] for record in records if "returned_to" in record] == [4, 4, 16]
    lines = [(line["step"], line["found_at"]) for line in left_out(lab.folder / "undisturbed")]
    assert lines == [*((step, 11) for step in range(5, 12)), (12, 14), (13, 14), (14, 14)] + [
        (step, 24) for step in range(17, 25)
    ]
    for step in stops:
        with pytest.raises(KeyboardInterrupt):
            lab.train("stopped", stage, batches=Interrupting(lab.loader(stage), step, signal.SIGINT), execution=often)
    lab.train("stopped", stage, execution=often)
    assert_same(lab.folder / "undisturbed", lab.folder / "stopped")


def test_a_checkpoint_to_go_back_to_that_is_damaged_is_named_and_the_one_before_is_used(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = lab.stage(20, guard=ROLLBACK)
    spoil(monkeypatch, {14: math.nan})
    honest = Trainer.advance

    def advance(self: Trainer) -> Update:
        if self.step == 14:
            for step in damaged:
                path = lab.folder / f"stage/step-{step:08d}/model.safetensors"
                path.write_bytes(path.read_bytes()[:-1] + b"!")
        return honest(self)

    monkeypatch.setattr(Trainer, "advance", advance)
    damaged = [8]
    lab.train("stage", stage, execution=lab.execution(keep_every_steps=4))
    said = capsys.readouterr().err
    assert "step-00000008 is damaged: model.safetensors has changed since it was written. The one before it is" in said
    assert "Stage base goes back to step 4" in said
    shutil.rmtree(lab.folder / "stage")
    damaged = [0, 4, 8]
    with pytest.raises(
        AuroraError,
        match=r"cannot go back from step 15: no undamaged checkpoint up to step 8 is left\. .*4 is damaged: ",
    ):
        lab.train("stage", stage, execution=lab.execution(keep_every_steps=4))


def test_going_back_in_vain_has_an_end(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil(monkeypatch, dict.fromkeys((5, 7), math.nan))
    stage = lab.stage(guard=Guard(action="rollback", steps=4, patience=1))
    with pytest.raises(
        AuroraError,
        match=r"Step 8 of .* did not change the weights, like the 1 before, each of which went back to step 0:",
    ):
        lab.train("stage", stage)

from __future__ import annotations

import json
import math
import os
import shutil
import signal
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from aurora.errors import AuroraError, UserError
from aurora.model.folder import load_model
from aurora.model.network import Network
from aurora.recipe.stages.schedule import Schedule
from aurora.recipe.stages.stage import Change, Guard, Optimizer, Stage
from aurora.tokens.loader import Batch, Loader
from aurora.training.parallel.engine import Rows
from aurora.training.records.metrics import read_metrics
from aurora.training.records.sources import read_sources
from aurora.training.schedule import learning_rate
from aurora.training.trainer import Batches, Trainer, Update
from training.small_stage import LENGTH, ROWS, Lab, assert_same, timeless

WEIGHTS = ("model.safetensors", "optimizer.safetensors")
FILES = {*WEIGHTS, "architecture.json", "tokenizer.json", "state.json", "metrics.jsonl", "sources.json"}


class Interrupting:
    """A loader that sends this process a signal when it gives out the batch of `step`."""

    def __init__(self, loader: Loader, step: int, number: signal.Signals) -> None:
        self.loader, self.step, self.number = loader, step, number

    def batches(self, first: int, last: int, rank: int = 0, ranks: int = 1) -> Iterator[Batch]:
        for step, batch in enumerate(self.loader.batches(first, last, rank, ranks), start=first):
            if step == self.step:
                os.kill(os.getpid(), self.number)
            yield batch


class Altered:
    """A loader whose batches are changed on the way."""

    def __init__(self, loader: Loader, **changes: Any) -> None:
        self.loader, self.changes = loader, changes

    def batches(self, first: int, last: int, rank: int = 0, ranks: int = 1) -> Iterator[Batch]:
        for batch in self.loader.batches(first, last, rank, ranks):
            yield replace(batch, **self.changes)


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


def test_a_signal_in_the_last_step_ends_after_the_final_files(lab: Lab) -> None:
    stage = lab.stage()
    with pytest.raises(KeyboardInterrupt):
        lab.train("stopped", stage, batches=Interrupting(lab.loader(stage), 11, signal.SIGINT))
    lab.train("undisturbed", stage)
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


def test_masks_and_resets_train_each_document_by_itself(lab: Lab) -> None:
    """The loss of packed pairs is that of the pairs apart; without masks it is another."""
    settings: dict[str, Any] = {"mixture": {"redteam/pairs": 1}, "sequence_length": 2 * 40 + 1}
    settings["batch_tokens"] = settings["tokens"] = ROWS * settings["sequence_length"]
    wide = lab.new_model(positions=81)
    packed = lab.stage(1, packing="best-fit", document_masks=True, position_resets=True, **settings)
    loss = lab.train("packed", packed, start=wide)["loss"]
    model = Network(wide.architecture, 48)
    model.initialise(torch.Generator().manual_seed(7))
    batch = lab.loader(packed).batch(0)
    assert batch.documents is not None
    losses = []
    for row in range(ROWS):
        documents = batch.documents[row]
        assert set(documents.tolist()) == {0, 1, 2}  # two pairs and what fills the row up
        for number in (0, 1):
            inside = documents == number
            inputs, targets, mask = (
                torch.from_numpy(part[row][inside]) for part in (batch.inputs, batch.targets, batch.loss_mask)
            )
            losses.append(model.token_losses(inputs[None], targets[None])[0][mask])
    assert loss == pytest.approx(torch.cat(losses).mean().item(), rel=1e-5)
    joined = packed.model_copy(update={"document_masks": False, "position_resets": False})
    assert lab.train("joined", joined, start=wide)["loss"] != pytest.approx(loss, rel=3e-5)


def test_bf16_follows_fp32_within_its_rounding(lab: Lab) -> None:
    stage = lab.stage(30)
    losses = [
        lab.train(precision, stage, execution=lab.execution(precision=precision))["loss"]
        for precision in ("fp32", "bf16")
    ]
    assert losses[1] == pytest.approx(losses[0], rel=0.02)
    stored, _ = load_model(lab.folder / "bf16")
    assert any(not torch.equal(weight, weight.bfloat16().float()) for weight in stored.parameters())


@pytest.mark.parametrize("mixture", [{"web/en": 1}, {"web/en": 1, "redteam/pairs": 1}])
def test_micro_batches_change_nothing_but_rounding(lab: Lab, mixture: dict[str, float]) -> None:
    stage = lab.stage(mixture=mixture)
    whole = lab.train("whole", stage, execution=lab.execution(micro_batch_sequences=ROWS))
    parts = lab.train("parts", stage, execution=lab.execution(micro_batch_sequences=1))
    assert parts["loss"] == pytest.approx(whole["loss"], rel=1e-5)
    assert parts["gradient_norm"] == pytest.approx(whole["gradient_norm"], rel=1e-4)
    assert parts["loss_tokens"] == whole["loss_tokens"] <= whole["tokens"]


def test_the_loss_is_the_mean_over_the_targets_that_count(lab: Lab) -> None:
    stage = lab.stage(1, mixture={"redteam/pairs": 1})
    loss = lab.train("stage", stage)["loss"]
    batch = lab.loader(stage).batch(0)
    model = Network(lab.new_model().architecture, 48)
    model.initialise(torch.Generator().manual_seed(7))
    losses = model.token_losses(torch.from_numpy(batch.inputs), torch.from_numpy(batch.targets))
    assert not batch.loss_mask.all()
    assert loss == pytest.approx(losses[torch.from_numpy(batch.loss_mask)].mean().item(), rel=1e-5)


def test_measurements_are_taken_on_the_masters_at_their_steps_and_at_the_end(lab: Lab) -> None:
    asked: list[tuple[int, torch.dtype]] = []

    def evaluate(model: Network, step: int) -> dict[str, float]:
        asked.append((step, next(model.parameters()).dtype))
        return {"held_out/fi": step / 10, "held_out/empty": float("nan")}

    execution = lab.execution(evaluate_steps=5, precision="bf16")
    summary = lab.train("stage", execution=execution, evaluate=evaluate)
    assert asked == [(5, torch.float32), (10, torch.float32), (12, torch.float32)]
    records = read_metrics(lab.folder / "stage/metrics.jsonl")
    assert {record["step"]: record["held_out/fi"] for record in records if "held_out/fi" in record} == {
        5: 0.5, 10: 1.0, 12: 1.2,
    }  # fmt: skip
    assert summary["held_out/fi"] == 1.2
    assert "held_out/empty" not in summary
    asked.clear()
    lab.train("end", execution=lab.execution(), evaluate=evaluate)
    assert [step for step, _ in asked] == [12]


def test_a_stage_starts_from_another_with_or_without_its_moments(lab: Lab) -> None:
    lab.train("first")
    stage = lab.stage(3, schedule=Schedule(peak=1e-3, warmup=0))
    carried = lab.stage(3, schedule=Schedule(peak=1e-3, warmup=0), optimizer=Optimizer(carry=True))
    fresh = lab.train("fresh", stage, start=lab.folder / "first")
    kept = lab.train("kept", carried, start=lab.folder / "first")
    records = [read_metrics(lab.folder / name / "metrics.jsonl") for name in ("first", "fresh", "kept")]
    assert records[1][0]["loss"] == records[2][0]["loss"] < records[0][0]["loss"] - 0.5
    assert fresh["loss"] != kept["loss"]
    updates = [_updates(lab.folder / name) for name in ("first", "fresh", "kept")]
    assert updates == [12, 3, 15]


def _updates(folder: Path) -> float:
    from aurora.model.weights import read_weights

    return read_weights([folder / "optimizer.safetensors"])["updates"].item()


def test_moments_cannot_be_carried_from_nothing(lab: Lab) -> None:
    with pytest.raises(UserError, match="carry needs an earlier stage"):
        lab.train("stage", lab.stage(optimizer=Optimizer(carry=True)))


def test_moments_of_another_network_are_refused_by_name(lab: Lab) -> None:
    from aurora.model.weights import read_weights, write_weights

    lab.train("first")
    file = lab.folder / "first" / "optimizer.safetensors"
    tensors = {name: tensor.clone() for name, tensor in read_weights([file]).items()}
    write_weights(file, tensors | {"exp_avg.transformer.ln_f.weight": torch.zeros(3)})
    carried = lab.stage(3, optimizer=Optimizer(carry=True))
    with pytest.raises(AuroraError, match=r"first holds exp_avg\.transformer\.ln_f\.weight as \[3\], but this network"):
        lab.train("kept", carried, start=lab.folder / "first")
    write_weights(file, {name: tensor for name, tensor in tensors.items() if "ln_f.bias" not in name})
    with pytest.raises(AuroraError, match=r"first lacks exp_avg\.transformer\.ln_f\.bias"):
        lab.train("kept", carried, start=lab.folder / "first")


def test_numbers_that_are_not_finite_stop_the_stage_and_name_the_step(lab: Lab) -> None:
    stage = lab.stage(40, schedule=Schedule(peak=1e30, start=1e30, warmup=0))
    with pytest.raises(
        AuroraError, match=r"^Step \d+ of stage base \(sequences \d+ to \d+\) moves nothing, as 10 before: the \w+"
    ):
        lab.train("stage", stage, execution=lab.execution(checkpoint_seconds=1e-9))
    assert not (lab.folder / "stage/state.json").exists()
    newest = max((lab.folder / "stage").glob("step-*"))
    assert int(newest.name.removeprefix("step-")) == len(read_metrics(lab.folder / "stage/metrics.jsonl"))


def spoil(monkeypatch: pytest.MonkeyPatch, spoiled: dict[int, float]) -> None:
    """The loss of these steps (from 0) is multiplied, after gradients a thousand times too large."""
    honest = Trainer.advance

    def advance(self: Trainer) -> Update:
        engine, step = self.engine, self.step
        compute = engine.train_step

        def train_step(rows: Rows, micro_batch: int, num_counted: int) -> float:
            loss = compute(rows, micro_batch, num_counted)
            for parameter in engine.named.values():
                if step in spoiled and parameter.grad is not None:
                    parameter.grad.mul_(1000)
            return loss * spoiled.get(step, 1.0)

        engine.train_step = train_step  # type: ignore[method-assign]
        try:
            return honest(self)
        finally:
            engine.train_step = compute  # type: ignore[method-assign]

    monkeypatch.setattr(Trainer, "advance", advance)


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
    assert _updates(lab.folder / "undisturbed") == 14
    assert json.loads((lab.folder / "undisturbed/state.json").read_text())["loss_tokens"] == 14 * ROWS * LENGTH
    assert max(record["loss"] for record in records if "left_out" not in record) == records[0]["loss"]
    for step in (3, 10):
        with pytest.raises(KeyboardInterrupt):
            lab.train("stopped", stage, batches=Interrupting(lab.loader(stage), step, signal.SIGINT))
    lab.train("stopped", stage)
    assert_same(lab.folder / "undisturbed", lab.folder / "stopped")


def left_out(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "left_out.jsonl").read_text().splitlines()]


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
    assert _updates(folder) == 4 + 5
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
    assert _updates(lab.folder / "new") == 3
    assert _updates(lab.folder / "new/step-00000003") == 0


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
    assert "step-00000008 is damaged: model.safetensors is not as it was written. The checkpoint before it is" in said
    assert "Stage base goes back to step 4" in said
    shutil.rmtree(lab.folder / "stage")
    damaged = [0, 4, 8]
    with pytest.raises(
        AuroraError,
        match=r"cannot go back from step 15, as no whole checkpoint up to step 8 is left\. .*4 is damaged: ",
    ):
        lab.train("stage", stage, execution=lab.execution(keep_every_steps=4))


def test_going_back_in_vain_has_an_end(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil(monkeypatch, dict.fromkeys((5, 7), math.nan))
    stage = lab.stage(guard=Guard(action="rollback", steps=4, patience=1))
    with pytest.raises(
        AuroraError, match=r"Step 8 of .* moves nothing, as 1 before, each of which went back to step 0:"
    ):
        lab.train("stage", stage)


def test_no_patience_stops_at_the_first_step_that_is_wrong(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil(monkeypatch, {3: math.nan})
    with pytest.raises(AuroraError, match=r"Step 4 of stage base \(sequences 18 to 23\) moves nothing, as 0 before"):
        lab.train("stage", lab.stage(guard=Guard(patience=0)))


class PartlySilent:
    """Batches of which nothing counts in the loss in some steps."""

    def __init__(self, batches: Batches, steps: set[int]) -> None:
        self._batches, self._steps = batches, steps

    def batches(self, first: int, last: int, rank: int = 0, ranks: int = 1) -> Iterator[Batch]:
        for step, batch in enumerate(self._batches.batches(first, last, rank, ranks), start=first):
            mask = np.zeros_like(batch.loss_mask) if step in self._steps else batch.loss_mask
            yield replace(batch, loss_mask=mask)


@pytest.mark.parametrize("guard", [Guard(), Guard(action="rollback", steps=2, deviations=6.0, window=4)])
def test_a_step_in_which_nothing_counts_moves_nothing(
    lab: Lab, capsys: pytest.CaptureFixture[str], guard: Guard
) -> None:
    """Also where the stage is interrupted behind it, and in one that has no other steps."""
    stage = lab.stage(guard=guard)
    lab.train("stage", stage, batches=PartlySilent(lab.loader(stage), {0, 4, 11}))
    said = capsys.readouterr().err
    assert "Step 5 of stage base (sequences 24 to 29) moves nothing: none of its tokens counts in the loss" in said
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


def test_tokens_of_a_larger_vocabulary_are_refused(lab: Lab) -> None:
    foreign = np.full((ROWS, LENGTH), 48)
    with pytest.raises(UserError, match="reads token 48, but its model's vocabulary has 48 entries"):
        lab.train("stage", batches=Altered(lab.loader(lab.stage()), targets=foreign))


def test_going_on_in_another_precision_is_said(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    stage = lab.stage()
    with pytest.raises(KeyboardInterrupt):
        lab.train("stage", stage, batches=Interrupting(lab.loader(stage), 4, signal.SIGINT))
    lab.train("stage", stage, execution=lab.execution(precision="bf16"))
    assert "was trained in fp32 so far and goes on in bf16" in capsys.readouterr().err

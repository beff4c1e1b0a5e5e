"""What becomes of a stage's earlier work: nothing is lost because it does not fit, and nothing stays by accident."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aurora.errors import AuroraError, UserError
from aurora.recipe.stages.schedule import Schedule
from aurora.recipe.stages.stage import Stage
from aurora.run.manifest import artifact
from aurora.training.records.metrics import read_metrics
from aurora.training.wish import Wish
from training.disturbing import Interrupting
from training.small_stage import LENGTH, ROWS, Lab, assert_same

STEP = ROWS * LENGTH
CONSTANT = Schedule(shape="constant", peak=1e-2, warmup=2 * STEP)
STABLE = Schedule(shape="warmup-stable-decay", peak=1e-2, warmup=2 * STEP, decay=3 * STEP)


def deciding(stage: Stage) -> Callable[[int], dict[str, Any]]:
    """As the recipe's settings decide, in short."""

    def decided(steps: int) -> dict[str, Any]:
        found = {f"stages.base.schedule.{key}": value for key, value in stage.course.until(steps).items()}
        return found | ({"stages.base.tokens": stage.tokens} if stage.course.falls_within(steps) else {})

    return decided


class Bench:
    """Trains one stage as the pipeline does: in `cap.partial`, which becomes `cap`."""

    def __init__(self, lab: Lab, name: str = "cap") -> None:
        self.lab = lab
        self.finished = lab.folder / name
        self.working = lab.folder / f"{name}.partial"
        self.aside = lab.folder / f"{name}.set-aside"

    def train(self, stage: Stage, stop: int | None = None, wish: Wish | None = None, **settings: Any) -> None:
        """With `stop` a signal comes in that step (from 0)."""
        loader = self.lab.loader(stage)
        batches = loader if stop is None else Interrupting(loader, stop, signal.SIGINT)
        execution = self.lab.execution(**{"checkpoint_seconds": 1e-9, **settings})
        marks = [str(stage.numerics())]
        with artifact(self.finished, "train", 1, {"stage": marks}, {}, keep_edited=True) as folder:
            self.lab.train(
                folder.name,
                stage,
                batches=batches,
                execution=execution,
                start=self.lab.new_model(dropout=0.2),
                made_with=deciding(stage),
                finished=self.finished,
                wish=wish or Wish(),
            )

    def interrupt(self, stage: Stage, step: int, **settings: Any) -> None:
        with pytest.raises(KeyboardInterrupt):
            self.train(stage, stop=step - 1, **settings)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def alike(left: Path, right: Path) -> None:
    """The same names and weights, state and losses; wall times and manifests aside."""
    assert list(tree(left)) == list(tree(right))
    assert_same(left, right)


@pytest.fixture
def bench(lab: Lab) -> Bench:
    return Bench(lab)


def edited_peak(stage: Stage) -> Stage:
    return stage.model_copy(update={"schedule": stage.schedule.model_copy(update={"peak": 1.1e-2})})


def test_an_edited_setting_stops_an_interrupted_stage_and_removes_nothing(lab: Lab, bench: Bench) -> None:
    stage = lab.stage()
    bench.interrupt(stage, 5, keep_every_steps=2)
    before = tree(lab.folder)
    for _ in range(2):
        with pytest.raises(UserError) as refused:
            bench.train(edited_peak(stage), keep_every_steps=2)
        said = str(refused.value)
        assert "cannot resume from step 5" in said
        assert "stages.base.schedule.peak (was 0.01, is 0.011)" in said
        assert "--resume-from STEP (2, 4 or 5)" in said
        assert "--restart" in said
        assert str(bench.aside) in said
        after = tree(lab.folder)
        after.pop("cap.partial/.fingerprint"), before.pop("cap.partial/.fingerprint", None)
        assert after == before
    bench.train(stage, keep_every_steps=2)  # the edit undone
    Bench(lab, "whole").train(stage, keep_every_steps=2)
    alike(lab.folder / "whole", bench.finished)
    assert not bench.aside.exists()


def test_resume_from_goes_on_with_other_values_says_so_and_keeps_what_came_after(
    lab: Lab, bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = lab.stage()
    bench.interrupt(stage, 6, keep_every_steps=2)
    later = tree(bench.working / "step-00000006")
    edited = edited_peak(stage)
    bench.train(edited, wish=Wish(step=4), keep_every_steps=2)
    said = capsys.readouterr().err
    assert "goes on from step 4 with other values: stages.base.schedule.peak (was 0.01, is 0.011)" in said
    kept = bench.aside / "after-step-00000004"
    assert tree(kept / "step-00000006") == later
    assert [record["step"] for record in read_metrics(kept / "metrics.jsonl")] == [1, 2, 3, 4, 5, 6]
    state = json.loads((bench.finished / "state.json").read_text())
    assert state["edits"] == [{"step": 4, "changed": {"stages.base.schedule.peak": [0.01, 0.011]}}]
    rates = [record["learning_rate"] for record in read_metrics(bench.finished / "metrics.jsonl")]
    whole = Bench(lab, "whole")
    whole.train(edited)
    expected = [record["learning_rate"] for record in read_metrics(whole.finished / "metrics.jsonl")]
    assert rates[4:] == expected[4:]
    assert rates[3] != expected[3]


def test_a_stage_gone_on_with_other_values_can_be_interrupted_and_goes_on_by_itself(lab: Lab, bench: Bench) -> None:
    stage = lab.stage()
    bench.interrupt(stage, 4)
    with pytest.raises(KeyboardInterrupt):
        bench.train(edited_peak(stage), stop=7, wish=Wish(step=4))
    bench.train(edited_peak(stage))
    assert len(json.loads((bench.finished / "state.json").read_text())["edits"]) == 1


def test_a_step_without_a_checkpoint_is_named_with_those_there_are(lab: Lab, bench: Bench) -> None:
    bench.interrupt(lab.stage(), 5)
    with pytest.raises(UserError, match=r"no checkpoint of step 3\. .* another step \(4 or 5\)"):
        bench.train(lab.stage(), wish=Wish(step=3))


def test_restart_moves_all_aside_and_begins_anew(lab: Lab, bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    stage = lab.stage()
    bench.interrupt(stage, 5)
    before = {name: data for name, data in tree(bench.working).items() if name != ".fingerprint"}
    bench.train(edited_peak(stage), wish=Wish(restart=True))
    assert f"begins anew; its earlier work is kept in {bench.aside / 'interrupted'}" in capsys.readouterr().err
    assert tree(bench.aside / "interrupted") == before
    whole = Bench(lab, "whole")
    whole.train(edited_peak(stage))
    alike(whole.finished, bench.finished)


def test_every_checkpoint_lacking_a_file_is_refused_and_nothing_moves(lab: Lab, bench: Bench) -> None:
    stage = lab.stage()
    bench.interrupt(stage, 5)
    saved = {path: path.read_bytes() for path in bench.working.glob("step-*/optimizer.safetensors")}
    for path in saved:
        path.unlink()
    before = tree(lab.folder)
    for _ in range(2):
        with pytest.raises(
            AuroraError, match=r"every checkpoint is damaged\. .*step-00000005 is damaged: optimizer.safet"
        ) as it:
            bench.train(stage)
        assert "step-00000004 is damaged" in str(it.value)
        assert "--restart" in str(it.value)
        assert tree(lab.folder) == before
    for path, data in saved.items():
        path.write_bytes(data)
    bench.train(stage)  # what the sentence says mends it


def test_a_damaged_checkpoint_is_set_aside_under_a_name_that_says_so(
    lab: Lab, bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = lab.stage()
    bench.interrupt(stage, 5)
    (bench.working / "step-00000005/model.safetensors").write_bytes(b"no weights")
    damaged = tree(bench.working / "step-00000005")
    bench.train(stage)
    kept = bench.aside / "step-00000005.damaged"
    said = capsys.readouterr().err
    assert "step-00000005 is damaged: model.safetensors has changed since it was written. The one before it" in said
    assert str(kept) in said
    assert tree(kept) == damaged
    whole = Bench(lab, "whole")
    whole.train(stage)
    alike(whole.finished, bench.finished)


def test_a_damaged_checkpoint_with_other_values_before_it_moves_nothing(lab: Lab, bench: Bench) -> None:
    stage = lab.stage()
    bench.interrupt(stage, 5)
    (bench.working / "step-00000005/model.safetensors").write_bytes(b"no weights")
    before = tree(bench.working / "step-00000005")
    with pytest.raises(UserError, match="cannot resume from step 4"):
        bench.train(edited_peak(stage))
    assert tree(bench.working / "step-00000005") == before


def test_a_finished_stage_that_is_edited_is_trained_anew_and_kept(
    lab: Lab, bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = lab.stage()
    bench.train(stage)
    before = tree(bench.finished)
    bench.train(edited_peak(stage))
    said = capsys.readouterr().err
    assert "was made with other values: stages.base.schedule.peak (was 0.01, is 0.011)" in said
    assert f"is kept in {bench.aside / 'finished'}" in said
    assert tree(bench.aside / "finished") == before
    bench.train(stage)
    assert tree(bench.aside / "finished") == before
    assert (bench.aside / "finished-2/model.safetensors").is_file()
    assert (bench.finished / "model.safetensors").read_bytes() == before["model.safetensors"]


@pytest.mark.parametrize("schedule", [CONSTANT, STABLE])
def test_a_finished_stage_given_more_tokens_goes_on_and_ends_as_if_it_had_had_them(
    lab: Lab, bench: Bench, schedule: Schedule, capsys: pytest.CaptureFixture[str]
) -> None:
    short, long = lab.stage(12, schedule=schedule), lab.stage(20, schedule=schedule)
    bench.train(short, checkpoint_seconds=60)
    gone_on = 12 if schedule is CONSTANT else 9
    before = tree(bench.finished)
    capsys.readouterr()
    bench.train(long, checkpoint_seconds=60)
    assert f"Finished stage base resumes from its step {gone_on}" in capsys.readouterr().err
    whole = Bench(lab, "whole")
    whole.train(long, checkpoint_seconds=60)
    assert_same(whole.finished, bench.finished)
    assert tree(bench.aside / "finished") == before
    extra = {"step-00000009"} if schedule is STABLE else set()
    assert {path.name for path in bench.finished.iterdir()} - {path.name for path in whole.finished.iterdir()} <= extra


def test_killed_while_a_finished_stage_goes_on_it_ends_the_same(lab: Lab, bench: Bench) -> None:
    short, long = lab.stage(8, schedule=CONSTANT), lab.stage(14, schedule=CONSTANT)
    bench.train(short)
    bench.interrupt(long, 11)
    bench.train(long)
    whole = Bench(lab, "whole")
    whole.train(long)
    alike(whole.finished, bench.finished)


def test_a_cosine_given_more_tokens_says_why_it_is_trained_anew(
    lab: Lab, bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.train(lab.stage(8))
    bench.train(lab.stage(10))
    said = capsys.readouterr().err
    assert f"stages.base.tokens (was {8 * STEP}, is {10 * STEP})" in said
    assert "It is trained anew" in said


def test_a_warm_up_that_is_a_share_is_named_where_it_hinders(lab: Lab, bench: Bench) -> None:
    schedule = Schedule(shape="constant", peak=1e-2, warmup=0.25)
    bench.interrupt(lab.stage(8, schedule=schedule), 5)
    with pytest.raises(UserError, match=r"warmup \(was 2 steps, is 4 steps\)\. A warm-up given in tokens does"):
        bench.train(lab.stage(16, schedule=schedule))


def test_fewer_tokens_than_are_made_are_refused(lab: Lab, bench: Bench) -> None:
    bench.interrupt(lab.stage(12, schedule=CONSTANT), 8)
    with pytest.raises(UserError, match=rf"tokens \(was {8 * STEP}, is {6 * STEP}\)"):
        bench.train(lab.stage(6, schedule=CONSTANT))


def test_a_stage_stopped_at_its_end_and_then_edited_is_not_lost(
    lab: Lab, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = lab.stage(8)
    bench.interrupt(stage, 8)  # its final files are there, but it is not published
    weights = (bench.working / "model.safetensors").read_bytes()
    with pytest.raises(UserError, match="cannot resume from step 8"):
        bench.train(edited_peak(stage))
    assert (bench.working / "step-00000008/model.safetensors").read_bytes() == weights
    bench.train(stage)
    assert (bench.finished / "model.safetensors").read_bytes() == weights
    assert not list(bench.finished.glob("step-*"))


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "manifest.json"])
def test_a_damaged_finished_stage_is_not_replaced_unasked(lab: Lab, bench: Bench, name: str) -> None:
    stage = lab.stage(6)
    bench.train(stage)
    (bench.finished / name).unlink()
    before = tree(bench.finished)
    with pytest.raises(AuroraError, match=rf"is damaged: {name} in .* is missing or truncated\. Restore it, or .*--re"):
        bench.train(stage)
    assert tree(bench.finished) == before
    shutil.rmtree(bench.working)


def test_what_a_kill_leaves_is_swept_before_a_stage_is_published(
    lab: Lab, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the final files and the removal of the checkpoints that nobody needs any more."""
    from aurora.training import stage as trainer

    stage = lab.stage(6)
    with monkeypatch.context() as patch, pytest.raises(InterruptedError):
        patch.setattr(trainer, "_clear", lambda *_: (_ for _ in ()).throw(InterruptedError()))
        bench.train(stage)
    assert list(bench.working.glob("step-*"))
    (bench.working / ".step-00000009.partial").mkdir()
    bench.train(stage)
    whole = Bench(lab, "whole")
    whole.train(stage)
    alike(whole.finished, bench.finished)


def test_another_number_of_threads_is_said(lab: Lab, bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    stage = lab.stage(8)
    bench.interrupt(stage, 4)
    bench.train(stage, threads=2)
    assert "was trained with 1 CPU threads so far and continues with 2" in capsys.readouterr().err


def test_events_of_an_earlier_life_are_not_removed(lab: Lab, bench: Bench) -> None:
    stage = lab.stage(4)
    bench.train(stage)
    events = set((lab.folder / "tensorboard/cap.partial").iterdir())
    bench.train(edited_peak(stage))
    assert events < set((lab.folder / "tensorboard/cap.partial").iterdir())


def test_an_interrupted_stage_given_more_tokens_simply_goes_on(lab: Lab, bench: Bench) -> None:
    long = lab.stage(14, schedule=CONSTANT)
    bench.interrupt(lab.stage(12, schedule=CONSTANT), 8)
    bench.train(long)
    whole = Bench(lab, "whole")
    whole.train(long)
    alike(whole.finished, bench.finished)


def test_a_finished_stage_can_be_taken_up_with_other_values_at_its_end(lab: Lab, bench: Bench) -> None:
    bench.train(lab.stage(6, schedule=CONSTANT))
    edited = edited_peak(lab.stage(9, schedule=CONSTANT))
    with pytest.raises(UserError, match=r"no checkpoint of step 4: name another step \(there is 6 alone\)"):
        bench.train(edited, wish=Wish(step=4))
    bench.train(edited, wish=Wish(step=6))
    state = json.loads((bench.finished / "state.json").read_text())
    assert [edit["step"] for edit in state["edits"]] == [6]
    rates = [record["learning_rate"] for record in read_metrics(bench.finished / "metrics.jsonl")]
    assert rates[4:] == [1e-2, 1e-2, 1.1e-2, 1.1e-2, 1.1e-2]


def test_a_state_that_is_cut_is_not_advised_to_be_deleted(lab: Lab, bench: Bench) -> None:
    bench.interrupt(lab.stage(4), 4)
    (bench.working / "state.json").write_text("{")
    with pytest.raises(
        AuroraError, match=r"state\.json is missing or damaged: restore it, or run again with --restart"
    ):
        bench.train(lab.stage(4))
    bench.train(lab.stage(4), wish=Wish(restart=True))
    assert (bench.aside / "interrupted/model.safetensors").is_file()


def test_records_that_are_missing_are_told(lab: Lab, bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.interrupt(lab.stage(), 5)
    (bench.working / "metrics.jsonl").unlink()
    bench.train(lab.stage())
    assert "metrics.jsonl lacks the records of 5 steps of stage base" in capsys.readouterr().err


def test_a_checkpoint_that_the_edited_network_cannot_take_moves_nothing(lab: Lab, bench: Bench) -> None:
    bench.interrupt(lab.stage(), 5)
    before = tree(lab.folder)
    wide = lab.new_model(width=32)
    with pytest.raises(AuroraError, match="but this network"):
        lab.train("cap.partial", lab.stage(), start=wide, finished=bench.finished, wish=Wish(step=4))
    assert tree(lab.folder) == before


def test_a_stage_of_adapters_goes_on_from_its_checkpoints_and_not_from_the_merged_model(lab: Lab, bench: Bench) -> None:
    train = {"lora": {"rank": 2, "alpha": 4}}
    bench.train(lab.stage(8, schedule=STABLE, train=train))
    bench.train(lab.stage(12, schedule=STABLE, train=train))
    Bench(lab, "whole").train(lab.stage(12, schedule=STABLE, train=train))
    assert_same(lab.folder / "whole", bench.finished)
    assert (bench.aside / "finished/adapter/adapter_model.safetensors").is_file()
    other = Bench(lab, "other")
    other.train(lab.stage(8, schedule=CONSTANT, train=train))
    other.train(lab.stage(12, schedule=CONSTANT, train=train))  # it kept no checkpoint: trained anew
    Bench(lab, "anew").train(lab.stage(12, schedule=CONSTANT, train=train))
    assert_same(lab.folder / "anew", other.finished)

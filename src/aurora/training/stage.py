"""One stage of training from start to end, going on exactly where it was interrupted.

One decision: checkpoints, metrics, measurements and interruptions are put around `Trainer` from outside and leave no
mark on its numbers, so a stage killed anywhere ends with the bytes of one that was left in peace.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

from aurora.errors import AuroraError
from aurora.files import explained, flush_tree, write_json
from aurora.folders import remove
from aurora.model.folder import (
    save_model,
    write_model,
)
from aurora.model.scorer import Scorer
from aurora.model.weights import write_weights
from aurora.progress import progress, say
from aurora.recipe.execution import Execution
from aurora.recipe.stages.made_with import json_values
from aurora.recipe.stages.stage import Stage
from aurora.training.checkpoints.checkpoint import (
    Checkpoint,
    Damaged,
    Keep,
    clear_crash_leavings,
    read_checkpoint,
    step_folder,
    step_folders,
)
from aurora.training.checkpoints.continuing import Deciding, Earlier, Found
from aurora.training.checkpoints.saving import Saver
from aurora.training.guard import Fault
from aurora.training.meter import Meter, TimedBatches
from aurora.training.optimizer import MOMENT_KINDS
from aurora.training.parallel.engine import Engine, OneProcess
from aurora.training.parallel.network import ParallelNetwork
from aurora.training.process.heartbeat import COMPUTING, Heartbeat, heartbeat
from aurora.training.process.interruption import StopRequest, stop_requests
from aurora.training.process.job import Job, join
from aurora.training.process.runtime import Runtime, prepare
from aurora.training.records.left_out import Contents, LeftOut
from aurora.training.records.metrics import LEFT_OUT, METRICS, RETURNED_TO, MetricsLog, judged, read_metrics
from aurora.training.records.sources import SourcesRead, write_sources
from aurora.training.records.state import OPTIMIZER, STATE, State, state_of
from aurora.training.records.trackers import open_trackers
from aurora.training.replay import Replay
from aurora.training.start import NewModel, build_engine, take_position
from aurora.training.trainer import Batches, Trainer
from aurora.training.wish import AS_IT_IS, Wish

Evaluate = Callable[[Scorer, int], dict[str, float]]


def train_stage(
    stage: Stage,
    start: Path | NewModel,
    batches: Batches,
    execution: Execution,
    *,
    tokenizer_file: Path,
    folder: Path,
    tensorboard: Path,
    made_with: Deciding,
    finished: Path | None = None,
    wish: Wish = AS_IT_IS,
    evaluate: Evaluate | None = None,
    replay: Replay | None = None,
    contents: Contents = lambda step: [],
    sources_read: SourcesRead = lambda num_steps: {},
    first_new_entry: int | None = None,
) -> dict[str, Any]:
    """Train `stage` from the model folder or new network `start` to its end; returns it in figures.

    `folder` is the stage's working folder: a stage interrupted there goes on from its newest whole checkpoint, where
    what its steps are `made_with` is the same or `wish` says so. `finished` is the folder it will replace, from which
    it may go on too, and which is set aside at the end. Then `folder` holds model.safetensors, optimizer.safetensors,
    architecture.json, tokenizer.json, state.json and metrics.jsonl. `evaluate(network, step)` is called after some
    steps and after the last; what it returns goes into the metrics. With `replay` the batches are its own, and its
    decisions are in the folder too. `contents` tells what the sequences of steps were that the guard left out, for
    left_out.jsonl, and `sources_read` what so many first steps read, for sources.json; `first_new_entry` is the first
    of the vocabulary that the published model did not have. On a signal that asks to stop the current step is finished
    and saved, then `KeyboardInterrupt` or `SystemExit` is raised, on every rank where one got it. Under torchrun every
    rank calls this with the same arguments, and rank 0 keeps the records. Raises `AuroraError` for a full disk or
    numbers that are not finite, `UserError` for a layout that cannot be.
    """
    runtime = prepare(execution)
    job = join()
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
    earlier = Earlier(stage, folder, finished, made_with, job)
    keep = Keep(execution.keep_checkpoints, execution.keep_every_steps, branch=stage.branch_step)
    state = None if wish.restart else _finished_state(folder, made_with, stage)
    job.wait()  # none writes before all have looked
    if state is None:
        with heartbeat(job.rank, job.ranks, execution.timeout_seconds) as heart:
            found = earlier.take_up(wish)
            checkpoint = found.checkpoint
            engine = build_engine(start, stage, execution, runtime, checkpoint)
            timed = TimedBatches(replay or batches)
            rows = execution.micro_batch_sequences
            trainer = Trainer(engine, stage, timed, rows, made_with, first_new_entry)
            history = judged(folder / METRICS, trainer.step if checkpoint is None else checkpoint.state.step)
            lacking = (checkpoint.state.step if checkpoint else 0) - len(history)
            if lacking > 0:
                say(
                    f"{folder / METRICS} lacks {lacking} of the records of stage {stage.name}: its curves will lack "
                    "them, and its guard knows nothing of them."
                )
            take_position(trainer, start, stage, checkpoint, runtime, history)
            earlier.settle()
            if replay is not None:
                replay.begin(folder, trainer.step, engine.network, job)
            job.wait()  # all have read the records that the first now goes on with
            best = (lambda: None) if replay is None else (lambda: replay.best)
            back_to = lambda step: trainer.watch.back_to(step)  # noqa: E731
            keep = dataclasses.replace(keep, best=best, returns=stage.guard.steps or 0, back_to=back_to)
            meter = Meter(timed, engine.architecture, engine.vocabulary, stage.sequence_length, runtime, job)
            left_out = None if job.rank else LeftOut(folder, trainer.step, contents)
            attempt = _Attempt(
                trainer, stage, folder, earlier, found, runtime, job, keep, heart, meter, replay, left_out
            )
            with stop_requests() as stop:
                with _log(folder, tensorboard, trainer.step, job, execution) as log:
                    attempt.run(execution, evaluate, log, stop)
                state = attempt.finish(tokenizer_file, sources_read)
                if job.any(stop.asked):
                    stop.leave(f"Stage {stage.name} is trained; run the same command to go on.")
    if job.rank == 0:
        _clear(folder, keep)
        earlier.displace()
    return {**read_metrics(folder / METRICS)[-1], **asdict(state)}


class _Attempt:
    """What surrounds the trainer of a stage between two interruptions."""

    def __init__(
        self,
        trainer: Trainer,
        stage: Stage,
        folder: Path,
        earlier: Earlier,
        found: Found,
        runtime: Runtime,
        job: Job,
        keep: Keep,
        heart: Heartbeat | None,
        meter: Meter,
        replay: Replay | None,
        left_out: LeftOut | None,
    ) -> None:
        self._job = job
        self._left_out = left_out
        self._replay = replay
        self._meter = meter
        self._keep = keep
        self._saver = Saver(folder, job, keep)
        self._heart = heart
        self._trainer = trainer
        self._stage = stage
        self._name = stage.name
        self._folder = folder
        self._earlier = earlier
        self._edits = found.edits
        self._runtime = runtime
        before = found.checkpoint.state if found.checkpoint else None
        self._loss_tokens = before.loss_tokens if before else 0
        self._saved = time.monotonic()
        self._begun = self._saved - (before.seconds if before else 0.0)
        self._seconds_in_steps = before.tokens / before.tokens_per_second if before and before.step else 0.0

    def run(self, execution: Execution, evaluate: Evaluate | None, log: MetricsLog | None, stop: StopRequest) -> None:
        """Make all updates that are left."""
        done, wanted = map(self._stage.tokens_before, (self._trainer.step, self._stage.steps))
        with progress(f"train {self._name}", wanted, "tokens", initial=done) as bar:
            try:
                if self._trainer.step == 0 and self._keep.returnable(0):
                    self._save()
                while not self._ended:
                    record = self._advance()
                    record |= self._decide()
                    record |= self._measure(evaluate, execution.evaluate_steps)
                    if log is not None:
                        log.write({**record, "seconds": round(self._seconds(), 3)})
                    bar.set_postfix_str(f"loss {record.get('loss', math.nan):.3f}", refresh=False)
                    bar.update(self._stage.tokens_before(self._trainer.step) - bar.n)
                    self._save_if_due(execution.checkpoint_seconds, log, stop)
            finally:
                self._saver.settle()

    def finish(self, tokenizer_file: Path, sources_read: SourcesRead) -> State:
        """Write the final files; `state.json` comes last and says that all the others are on disk."""
        self._note("the final files")
        self._saver.wait()
        state = dataclasses.replace(self._state(), weights_of=self._take_best())
        engine = self._trainer.engine
        if isinstance(engine, OneProcess):
            save_model(engine.network, self._folder, tokenizer_file)
            write_weights(self._folder / OPTIMIZER, self._trainer.optimizer.state())
        else:
            self._save()
            last = self._saver.wait()
            with self._job.together():
                if self._job.rank == 0:
                    assert last is not None
                    _join_shards(read_checkpoint(last), engine, self._folder, tokenizer_file)
        with self._job.together():
            if self._job.rank == 0:
                write_sources(self._folder, sources_read(self._trainer.step))
                flush_tree(self._folder)
                write_json(self._folder / STATE, asdict(state))
        return state

    @property
    def _ended(self) -> bool:
        return self._trainer.step == self._stage.steps or (self._replay is not None and self._replay.ended)

    def _take_best(self) -> int:
        """Go back to the model that the stage is to leave, where that is an earlier one; returns its step."""
        best = self._keep.best()
        if best is None or best == self._trainer.step:
            return self._trainer.step
        try:
            self._take_up(read_checkpoint(step_folder(self._folder, best), self._job))
        except Damaged as error:
            raise AuroraError(
                f"{error} Stage {self._name} is to leave its model: put back what it was, or run again with --restart."
            ) from error
        return best

    def _take_up(self, checkpoint: Checkpoint) -> None:
        """Have the weights and moments of an earlier step again."""
        self._trainer.engine.fill(checkpoint.model)
        self._trainer.optimizer.load(checkpoint.optimizer, self._trainer.engine.copy)

    def _advance(self) -> dict[str, float]:
        """One update; returns its record."""
        begin = time.monotonic()
        self._note(COMPUTING)
        update = self._trainer.advance()
        seconds = time.monotonic() - begin
        self._seconds_in_steps += seconds
        self._loss_tokens += 0 if update.left_out else update.loss_tokens
        tokens = self._stage.tokens_before(self._trainer.step)
        record = {
            "step": self._trainer.step,
            "tokens": tokens,
            "loss": update.loss,
            "loss_tokens": update.loss_tokens,
            "learning_rate": update.learning_rate,
            "gradient_norm": update.gradient_norm,
            **self._meter.figures(tokens - self._stage.tokens_before(self._trainer.step - 1), seconds),
        }
        if update.left_out:
            record |= self._leave_out(update.left_out)
        return {name: value for name, value in record.items() if math.isfinite(value)}

    def _leave_out(self, fault: Fault) -> dict[str, float]:
        """Put down what the step was made of, and undo those before it where the guard goes back; for its record."""
        record: dict[str, float] = {LEFT_OUT: 1}
        undone = range(0)
        if self._trainer.watch.rolls_back:
            record[RETURNED_TO] = at = self._go_back()
            undone = self._trainer.watch.return_to(at)
        if self._left_out is not None:
            self._left_out.write(self._trainer.step, fault, undone)
        return record

    def _go_back(self) -> int:
        """Take up an earlier checkpoint; returns its step, behind which all are left out."""
        step, watch = self._trainer.step, self._trainer.watch
        self._note("going back to an earlier checkpoint")
        self._saver.wait()  # it may be the one under way; and its thread speaks with the other ranks by the same group
        wanted = watch.back_to(step - 1)

        def usable(at: int) -> bool:  # those undone by an earlier fault are not
            return at <= wanted and self._keep.returnable(at) and watch.back_to(at + self._keep.returns) == at

        checkpoint = self._earlier.go_back(step, wanted, usable)
        self._take_up(checkpoint)
        self._loss_tokens = checkpoint.state.loss_tokens
        at = checkpoint.state.step
        say(f"Stage {self._name} goes back to step {at}; all steps from there to {step} are left out.")
        return at

    def _measure(self, evaluate: Evaluate | None, every: int) -> dict[str, float]:
        """Measurements that are due after this step; a domain without text has none."""
        step = self._trainer.step
        if evaluate is None or not (self._ended or (every and step % every == 0)):
            return {}
        self._note("measuring")
        found = evaluate(self._trainer.engine.network, step)
        return {name: value for name, value in found.items() if math.isfinite(value)}

    def _decide(self) -> dict[str, float]:
        """What adaptive replay measured and decided after this step."""
        if self._replay is None or not self._replay.due(self._trainer.step):
            return {}
        self._note("measuring what is forgotten")
        self._saver.wait()  # whose thread speaks with the other ranks by the same group
        return self._replay.after(self._trainer.step, self._trainer.engine.network)

    def _save_if_due(self, every_seconds: float, log: MetricsLog | None, stop: StopRequest) -> None:
        """A checkpoint when the last one is old or the process is asked to leave; after the last step none is due."""
        step, steps = self._trainer.step, self._stage.steps
        due = self._keep.wanted(step) or time.monotonic() - self._saved >= every_seconds
        failed, asked, due = self._trainer.engine.agree([self._saver.failed, stop.asked, due])
        if failed:
            self._saver.wait()
        if self._ended or not (asked or due):
            return
        if log is not None:
            log.flush()
        self._note("saving a checkpoint")
        self._save()
        self._saved = time.monotonic()
        if asked:
            self._saver.wait()
            stop.leave(f"Stage {self._name}: saved at step {step} of {steps}; run the same command to go on.")

    def _note(self, operation: str) -> None:
        """For the others, in case this rank is not heard of again."""
        if self._heart is not None:
            self._heart.note(f"stage {self._name} after {self._trainer.step} steps, {operation}")

    def _save(self) -> None:
        """Begin a checkpoint of this step."""
        engine, state = self._trainer.engine, self._state()
        weights = engine.owned({name: parameter.detach() for name, parameter in engine.named.items()})
        moments = engine.owned(self._trainer.optimizer.state(), MOMENT_KINDS)
        self._saver.save(state, weights, moments)

    def _seconds(self) -> float:
        return time.monotonic() - self._begun

    def _state(self) -> State:
        step = self._trainer.step
        tokens = self._stage.tokens_before(step)
        return State(
            stage=self._name,
            made_with=self._earlier.made_with(step),
            edits=self._edits,
            precision=self._trainer.engine.precision,
            threads=self._runtime.threads,
            step=step,
            weights_of=step,
            sequence=self._stage.pace.before(step),
            tokens=tokens,
            loss_tokens=self._loss_tokens,
            seconds=round(self._seconds(), 3),
            tokens_per_second=round(tokens / self._seconds_in_steps, 3) if step else 0.0,
        )


def _log(
    folder: Path, tensorboard: Path, step: int, job: Job, execution: Execution
) -> AbstractContextManager[MetricsLog | None]:
    """Rank 0 keeps the records."""
    if job.rank:
        return nullcontext()
    return MetricsLog(folder, tensorboard, step, open_trackers(execution.trackers, tensorboard))


def _join_shards(checkpoint: Checkpoint, engine: Engine, folder: Path, tokenizer_file: Path) -> None:
    """The stage's final files out of a checkpoint in shards, one tensor in memory at a time."""
    assert isinstance(engine, ParallelNetwork)
    model, optimizer = checkpoint.model, checkpoint.optimizer
    write_model(folder, model, engine.architecture, engine.vocabulary, tokenizer_file, forms=model.forms)
    write_weights(folder / OPTIMIZER, optimizer, forms=optimizer.forms)


def _finished_state(folder: Path, made_with: Deciding, stage: Stage) -> State | None:
    """The state of a stage whose final files are all there, or None; one with patience may have ended early."""
    if not (folder / STATE).is_file():
        return None
    state = state_of(folder / STATE)
    early = stage.retention is not None and stage.retention.patience is not None and state.step < stage.steps
    ended = early or state.step == stage.steps
    return state if ended and state.made_with == json_values(made_with(state.step)) else None


def _clear(folder: Path, keep: Keep) -> None:
    """Remove the checkpoints of a stage that has ended but for those kept for good, and what a crash left of them."""
    clear_crash_leavings(folder)
    for path in keep.superfluous(step_folders(folder), finished=True):
        remove(path)

"""A stage between two interruptions: `Trainer`, and everything that happens around its updates.

One decision: what surrounds an update happens in one order on every rank (decide, measure, record, save), and each part
that communicates is entered by all ranks, so none waits for one that took another branch.
"""

from __future__ import annotations

import dataclasses
import math
import time
from dataclasses import asdict, dataclass

from aurora.console.progress import progress, say
from aurora.files import flush_tree, write_json
from aurora.model.weights import write_weights
from aurora.training.checkpoints.checkpoint import Keep, read_checkpoint
from aurora.training.checkpoints.continuing import Earlier, Resumed
from aurora.training.checkpoints.leaving import leave_model
from aurora.training.checkpoints.saving import Saver
from aurora.training.deciding.going_back import GoingBack
from aurora.training.guard import Fault
from aurora.training.inputs import Places, Reading, Training
from aurora.training.measuring import Measuring, weights_of
from aurora.training.meter import Meter, TimedBatches
from aurora.training.optimizer import MOMENT_KINDS
from aurora.training.process.heartbeat import COMPUTING, Heartbeat
from aurora.training.process.interruption import StopRequest
from aurora.training.process.job import Job
from aurora.training.process.runtime import Runtime
from aurora.training.records.left_out import LeftOut
from aurora.training.records.metrics import LEFT_OUT, METRICS, RETURNED_TO, MetricsLog, judged
from aurora.training.records.sources import write_sources
from aurora.training.records.state import OPTIMIZER, STATE, State
from aurora.training.start import build_engine, take_position
from aurora.training.trainer import Trainer


@dataclass(frozen=True)
class Process:
    """This process: how it computes, its place among the ranks of the job, and its heartbeat, None without other
    ranks."""

    runtime: Runtime
    job: Job
    heart: Heartbeat | None


class Attempt:
    """The remaining updates of a stage, from the checkpoint `resumed` of its `earlier` work on, and its final files."""

    def __init__(
        self, training: Training, reading: Reading, places: Places, process: Process, earlier: Earlier, resumed: Resumed
    ) -> None:
        self._training, self._reading, self._places = training, reading, places
        self._stage, self._name, self._folder = training.stage, training.stage.name, places.folder
        self._job, self._runtime, self._heart = process.job, process.runtime, process.heart
        self._earlier, self._resumed = earlier, resumed
        batches = TimedBatches(reading.replay or reading.batches)
        self._trainer = self._positioned(batches)
        engine = self._trainer.engine
        self._measuring = Measuring(training, reading, self._folder, self._trainer, self._job, self._note)
        self._job.wait()  # rank 0 appends to these records from here on: every rank must have read them
        self._keep = self._what_to_keep()
        self._saver = Saver(self._folder, self._job, self._keep)
        self._back = GoingBack(self._stage, self._folder, self._trainer, earlier, self._keep)
        length = self._stage.sequence_length
        shape = engine.architecture, engine.vocabulary
        self._meter = Meter(batches, *shape, length, self._runtime, self._job, self._stage.train)
        self._left_out = None if self._job.rank else LeftOut(self._folder, self.step, reading.contents)
        before = resumed.checkpoint.state if resumed.checkpoint else None
        self._loss_tokens = before.loss_tokens if before else 0
        self._saved = time.monotonic()
        self._begun = self._saved - (before.seconds if before else 0.0)
        self._seconds_in_steps = before.tokens / before.tokens_per_second if before and before.step else 0.0

    @property
    def step(self) -> int:
        """Updates made so far."""
        return self._trainer.step

    def run(self, log: MetricsLog | None, stop: StopRequest) -> None:
        """Make all remaining updates."""
        done, wanted = map(self._stage.tokens_before, (self.step, self._stage.steps))
        with progress(f"train {self._name}", wanted, "tokens", initial=done) as bar:
            try:
                if self.step == 0 and self._keep.returnable(0):
                    self._save()
                if self.step == 0:
                    self._measuring.before(self._saver)
                while not self._measuring.ended:
                    record = self._advance()
                    record |= self._measuring.after(self._saver)
                    if log is not None:
                        log.write({**record, "seconds": round(self._seconds(), 3)})
                    bar.set_postfix_str(f"loss {record.get('loss', math.nan):.3f}", refresh=False)
                    bar.update(self._stage.tokens_before(self.step) - bar.n)
                    self._save_if_due(log, stop)
            finally:
                self._saver.settle()

    def finish(self) -> State:
        """Write the final files; `state.json` is last and says that all the others are on disk."""
        self._note("the final files")
        self._saver.wait()
        self._measuring.finish()
        state = dataclasses.replace(self._state(), weights_of=self._back.to_best())
        engine, tokenizer_file = self._trainer.engine, self._places.tokenizer_file
        shape = (engine.architecture, engine.vocabulary, tokenizer_file)
        if engine.whole:
            leave_model(self._folder, weights_of(self._trainer.engine), *shape)
            write_weights(self._folder / OPTIMIZER, self._trainer.optimizer.state())
        else:
            self._save()
            last = self._saver.wait()
            with self._job.together():
                if self._job.rank == 0:
                    assert last is not None
                    shards = read_checkpoint(last)  # read a tensor at a time
                    leave_model(self._folder, shards.model, *shape, forms=shards.model.forms)
                    write_weights(self._folder / OPTIMIZER, shards.optimizer, forms=shards.optimizer.forms)
        with self._job.together():
            if self._job.rank == 0:
                write_sources(self._folder, self._reading.sources(self.step))
                flush_tree(self._folder)
                write_json(self._folder / STATE, asdict(state))
        return state

    def _positioned(self, batches: TimedBatches) -> Trainer:
        """The trainer with its weights, moments and position: the checkpoint's, or as the stage starts."""
        training, checkpoint = self._training, self._resumed.checkpoint
        rows = training.execution.micro_batch_sequences
        engine = build_engine(training.start, self._stage, training.execution, self._runtime, checkpoint, training.seed)
        trainer = Trainer(engine, self._stage, batches, rows, training.made_with, training.first_new_entry)
        step = checkpoint.state.step if checkpoint else 0
        history = judged(self._folder / METRICS, step)
        if (lacking := step - len(history)) > 0:
            say(
                f"{self._folder / METRICS} lacks the records of {lacking} steps of stage {self._name}: they will be "
                "missing from its curves, and its guard judges without them."
            )
        if step:
            say(f"  goes on from step {step:,} of {self._stage.steps:,}")
        take_position(trainer, training.start, self._stage, checkpoint, self._runtime, history)
        self._earlier.settle()
        return trainer

    def _what_to_keep(self) -> Keep:
        """Which checkpoints stay while the stage is trained."""
        execution, replay = self._training.execution, self._reading.replay
        return Keep(
            execution.keep_checkpoints,
            execution.keep_every_steps,
            best=(lambda: None) if replay is None else (lambda: replay.best),
            returns=self._stage.guard.steps or 0,
            back_to=lambda step: self._trainer.watch.back_to(step),  # looked up late: resuming replaces the watch
            branch=self._stage.branch_step,
        )

    def _advance(self) -> dict[str, float]:
        """One update; returns its record."""
        begin = time.monotonic()
        self._note(COMPUTING)
        update = self._trainer.advance()
        seconds = time.monotonic() - begin
        self._seconds_in_steps += seconds
        self._loss_tokens += 0 if update.left_out else update.loss_tokens
        tokens = self._stage.tokens_before(self.step)
        record = {
            "step": self.step,
            "tokens": tokens,
            "loss": update.loss,
            "loss_tokens": update.loss_tokens,
            "learning_rate": update.learning_rate,
            "gradient_norm": update.gradient_norm,
            "preferred": update.preferred,
            **self._meter.figures(tokens - self._stage.tokens_before(self.step - 1), seconds),
        }
        if update.left_out:
            record |= self._leave_out(update.left_out)
        return {name: value for name, value in record.items() if math.isfinite(value)}

    def _leave_out(self, fault: Fault) -> dict[str, float]:
        """Record the batch of the step, and undo the steps before it where the guard goes back; returns what belongs
        in the step's metrics."""
        record: dict[str, float] = {LEFT_OUT: 1}
        undone = range(0)
        if self._trainer.watch.rolls_back:
            self._note("going back to an earlier checkpoint")
            # The checkpoint wanted may be the one being written, and its thread uses the same process group.
            self._saver.wait()
            state = self._back.before_fault()
            self._loss_tokens = state.loss_tokens
            record[RETURNED_TO] = state.step
            undone = self._trainer.watch.return_to(state.step)
        if self._left_out is not None:
            self._left_out.write(self.step, fault, undone)
        return record

    def _save_if_due(self, log: MetricsLog | None, stop: StopRequest) -> None:
        """Save where the last checkpoint is old or the process is asked to stop; not after the last step."""
        step, steps, every_seconds = self.step, self._stage.steps, self._training.execution.checkpoint_seconds
        due = self._keep.wanted(step) or time.monotonic() - self._saved >= every_seconds
        failed, asked, due = self._trainer.engine.agree([self._saver.failed, stop.asked, due])
        if failed:
            self._saver.wait()
        if self._measuring.ended or not (asked or due):
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
        """Tell the other ranks what begins here, for their message if this rank falls silent."""
        if self._heart is not None:
            self._heart.note(f"stage {self._name} after {self.step} steps, {operation}")

    def _save(self) -> None:
        """Begin a checkpoint of this step."""
        moments = self._trainer.engine.owned(self._trainer.optimizer.state(), MOMENT_KINDS)
        self._saver.save(self._state(), weights_of(self._trainer.engine), moments)

    def _seconds(self) -> float:
        return time.monotonic() - self._begun

    def _state(self) -> State:
        step, tokens = self.step, self._stage.tokens_before(self.step)
        return State(
            stage=self._name,
            made_with=self._earlier.made_with(step),
            edits=self._resumed.edits,
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

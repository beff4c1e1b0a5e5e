"""One stage of training in one process: the loop over steps, resumed exactly where it stopped.

One decision: `Trainer` makes one update after another and knows nothing of files or time; `train_stage` puts
checkpoints, metrics, measurements and interruptions around it. What an update does follows from the weights, the moments
and the number of the step alone, so a stage killed anywhere ends with the bytes of one that was left in peace.
"""

from __future__ import annotations

import hashlib
import math
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch

from aurora.errors import AuroraError, UserError
from aurora.files import flush_tree, write_json
from aurora.model.folder import load_model, save_model
from aurora.model.gpt_bigcode import GPTBigCode
from aurora.progress import progress, say
from aurora.recipe.execution import Execution
from aurora.recipe.model import Architecture
from aurora.recipe.stages import Stage
from aurora.training.checkpoint import (
    OPTIMIZER,
    STATE,
    Checkpoint,
    State,
    newest_checkpoint,
    read_tensors,
    save_checkpoint,
    state_of,
    step_folders,
    write_tensors,
)
from aurora.training.metrics import METRICS, MetricsLog, read_metrics
from aurora.training.optimizer import Optimizer, Weights
from aurora.training.runtime import Runtime, StopRequest, prepare, stop_requests
from aurora.training.schedule import learning_rate

Evaluate = Callable[[GPTBigCode, int], dict[str, float]]


@dataclass(frozen=True)
class NewModel:
    """A network with new weights, drawn from `seed`."""

    architecture: Architecture
    vocabulary: int
    seed: int


class _Session:
    """One attempt at a stage: what `train_stage` keeps around its trainer."""

    def __init__(
        self,
        trainer: Trainer,
        stage: Stage,
        name: str,
        folder: Path,
        fingerprint: str,
        precision: str,
        state: State | None,
    ) -> None:
        self.trainer = trainer
        self._stage = stage
        self._name = name
        self._folder = folder
        self._fingerprint = fingerprint
        self._precision = precision
        self._loss_tokens = state.loss_tokens if state else 0
        self._begin = time.monotonic() - (state.seconds if state else 0.0)
        # Steps alone, without measurements and checkpoints: what the rate is computed from.
        self._in_steps = state.tokens / state.tokens_per_second if state and state.tokens_per_second else 0.0
        self._saved = time.monotonic()

    @property
    def finished(self) -> bool:
        """Whether the stage's last update is made."""
        return self.trainer.step >= self._stage.steps

    def advance(self, measure: Evaluate | None, every: int) -> dict[str, float]:
        """One update, and measurements where they are due; returns its record."""
        begin = time.monotonic()
        update = self.trainer.advance()
        seconds = time.monotonic() - begin
        self._in_steps += seconds
        self._loss_tokens += update.loss_tokens
        step = self.trainer.step
        record: dict[str, float] = {
            "step": step,
            "tokens": step * self._stage.batch_tokens,
            "loss": update.loss,
            "learning_rate": update.learning_rate,
            "gradient_norm": update.gradient_norm,
            "tokens_per_second": round(self._stage.batch_tokens / seconds, 1),
        }
        if measure is not None and (self.finished or (every and step % every == 0)):
            found = measure(self.trainer.weights.master, step)
            record |= {name: value for name, value in sorted(found.items()) if math.isfinite(value)}
        record["seconds"] = round(time.monotonic() - self._begin, 3)
        return record

    def state(self) -> State:
        """Where the stage stands now."""
        step = self.trainer.step
        tokens = step * self._stage.batch_tokens
        return State(
            stage=self._name,
            fingerprint=self._fingerprint,
            precision=self._precision,
            step=step,
            sequence=step * self._stage.sequences_per_step,
            tokens=tokens,
            loss_tokens=self._loss_tokens,
            seconds=round(time.monotonic() - self._begin, 3),
            tokens_per_second=round(tokens / self._in_steps, 1) if self._in_steps else 0.0,
        )

    def save(self, log: MetricsLog) -> None:
        """Make a checkpoint."""
        log.flush()
        weights = dict(self.trainer.weights.master.named_parameters())
        save_checkpoint(self._folder, self.state(), weights, self.trainer.optimizer.state())
        self._saved = time.monotonic()

    def due(self, every_seconds: float) -> bool:
        """Whether the last checkpoint is `every_seconds` old."""
        return time.monotonic() - self._saved >= every_seconds

    def close(self, tokenizer_file: Path) -> State:
        """Write the stage's final files; `state.json` comes last and says that they are all there."""
        state = self.state()
        save_model(self.trainer.weights.master, self._folder, tokenizer_file)
        write_tensors(self._folder / OPTIMIZER, self.trainer.optimizer.state())
        flush_tree(self._folder)
        write_json(self._folder / STATE, asdict(state))
        for path in step_folders(self._folder):
            shutil.rmtree(path)
        return state


def train_stage(
    stage: Stage,
    name: str,
    start: Path | NewModel,
    batches: Batches,
    execution: Execution,
    *,
    tokenizer_file: Path,
    folder: Path,
    tensorboard: Path,
    fingerprint: str,
    evaluate: Evaluate | None = None,
) -> dict[str, Any]:
    """Train `stage`, called `name`, from the model folder or new network `start`, to its end; returns a summary.

    `folder` is the stage's working folder: a stage interrupted there goes on from its newest good checkpoint of the same
    `fingerprint`. At the end it holds model.safetensors, optimizer.safetensors, architecture.json, tokenizer.json,
    state.json and metrics.jsonl. `evaluate` measures the fp32 network after some steps and after the last; what it
    returns goes into the metrics. On SIGINT and SIGTERM the current step is finished and saved, then `KeyboardInterrupt`
    or `SystemExit` is raised. Raises `AuroraError` for a full disk or numbers that are not finite, `UserError` for a
    layout that this version lacks.
    """
    runtime = prepare(execution)
    folder.mkdir(parents=True, exist_ok=True)
    state = _finished_state(folder, fingerprint, stage.steps)
    if state is None:
        checkpoint = newest_checkpoint(folder, fingerprint)
        trainer = Trainer(_network(start, checkpoint), stage, name, batches, runtime, execution, fingerprint)
        _set_position(trainer, start, stage.optimizer.carry, checkpoint, runtime)
        session = _Session(
            trainer, stage, name, folder, fingerprint, runtime.precision, checkpoint.state if checkpoint else None
        )
        with stop_requests() as stop:
            with MetricsLog(folder, tensorboard, trainer.step) as log:
                _run(session, stage, name, execution, evaluate, log, stop)
            state = session.close(tokenizer_file)
            stop.leave_if_asked(f"Stage {name} is trained; run the same command to go on.")
    return _summary(state, folder)


def _run(
    session: _Session,
    stage: Stage,
    name: str,
    execution: Execution,
    evaluate: Evaluate | None,
    log: MetricsLog,
    stop: StopRequest,
) -> None:
    """All steps that are left."""
    done = session.trainer.step * stage.batch_tokens
    with progress(f"train {name}", stage.steps * stage.batch_tokens, "tokens", initial=done) as bar:
        while not session.finished:
            record = session.advance(evaluate, execution.evaluate_steps)
            log.write(record)
            bar.set_postfix_str(f"loss {record['loss']:.3f}", refresh=False)
            bar.update(stage.batch_tokens)
            if not session.finished and (stop.asked or session.due(execution.checkpoint_seconds)):
                session.save(log)
                stop.leave_if_asked(
                    f"Stage {name}: saved at step {session.trainer.step} of {stage.steps}; run the same command to go on."
                )


def _network(start: Path | NewModel, checkpoint: Checkpoint | None) -> GPTBigCode:
    """The network in fp32 on the CPU: new, from the folder the stage starts from, or as in the checkpoint."""
    if isinstance(start, NewModel):
        model = GPTBigCode(start.architecture, start.vocabulary)
        if checkpoint is None:
            model.initialise(torch.Generator().manual_seed(start.seed))
    else:
        model, _ = load_model(start)
    if checkpoint is not None:
        model.load_state_dict(checkpoint.model)
    return model


def _set_position(
    trainer: Trainer, start: Path | NewModel, carry: bool, checkpoint: Checkpoint | None, runtime: Runtime
) -> None:
    """Step and moments: the checkpoint's, or at the beginning those carried from the stage before, if wanted."""
    if checkpoint is not None:
        trainer.step = checkpoint.state.step
        trainer.optimizer.load(checkpoint.optimizer, str(OPTIMIZER))
        if checkpoint.state.precision != runtime.precision:
            say(f"This stage was trained in {checkpoint.state.precision} so far and goes on in {runtime.precision}.")
    elif carry:
        if isinstance(start, NewModel):
            raise UserError("optimizer.carry needs a stage to start from, but this one starts from a new model.")
        trainer.optimizer.load(read_tensors(start / OPTIMIZER), str(start / OPTIMIZER))


def _finished_state(folder: Path, fingerprint: str, steps: int) -> State | None:
    """The state of a stage whose final files are all there, or None."""
    if not (folder / STATE).is_file():
        return None
    state = state_of(folder / STATE)
    return state if state.fingerprint == fingerprint and state.step == steps else None


def _summary(state: State, folder: Path) -> dict[str, Any]:
    """The stage in figures: its state and the record of its last step."""
    last = read_metrics(folder / METRICS)[-1]
    return {**last, **asdict(state)}

"""One stage of training from start to end, resuming exactly where it was interrupted.

One decision: checkpoints, metrics, measurements and interruptions happen outside of `Trainer` and do not affect its
numbers, so a stage killed anywhere ends with the same bytes as an undisturbed one.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

from aurora.files import explained
from aurora.folders import remove
from aurora.recipe.stages.made_with import json_values
from aurora.training.attempt import Attempt, Process
from aurora.training.checkpoints.checkpoint import Keep, clear_crash_leavings, step_folders
from aurora.training.checkpoints.continuing import Earlier
from aurora.training.inputs import Places, Reading, Training
from aurora.training.process.heartbeat import heartbeat
from aurora.training.process.interruption import stop_requests
from aurora.training.process.job import join
from aurora.training.process.runtime import prepare
from aurora.training.records.metrics import METRICS, MetricsLog, read_metrics
from aurora.training.records.state import STATE, State, state_of
from aurora.training.records.trackers import open_trackers
from aurora.training.wish import AS_IT_IS, Wish


def train_stage(training: Training, reading: Reading, places: Places, wish: Wish = AS_IT_IS) -> dict[str, Any]:
    """Train a stage to its end; returns its figures.

    A stage interrupted in its working folder resumes from its newest undamaged checkpoint, if the values that decided
    its steps (`made_with`) are unchanged or `wish` says so; it may also resume from the finished folder it will
    replace, which is set aside at the end. Then the working folder holds model.safetensors, optimizer.safetensors,
    architecture.json, tokenizer.json, state.json, metrics.jsonl and sources.json.

    On a signal to stop, the current step is finished and saved, then `KeyboardInterrupt` or `SystemExit` is raised on
    every rank, whichever got it. Under torchrun every rank calls this with the same arguments, and rank 0 keeps the
    records. Raises `AuroraError` for a full disk or numbers that are not finite, `UserError` for an impossible layout.
    """
    runtime, job = prepare(training.execution), join()
    with explained(places.folder):
        places.folder.mkdir(parents=True, exist_ok=True)
    earlier = Earlier(training.stage, places.folder, places.finished, training.made_with, job)
    state = None if wish.restart else _finished_state(training, places.folder)
    job.wait()  # no rank writes before all have looked at the folder
    if state is None:
        with heartbeat(job.rank, job.ranks, training.execution.timeout_seconds) as heart:
            resumed = earlier.take_up(wish)
            attempt = Attempt(training, reading, places, Process(runtime, job, heart), earlier, resumed)
            with stop_requests() as stop:
                with _log(training, places, attempt.step, job.rank) as log:
                    attempt.run(log, stop)
                state = attempt.finish()
                if job.any(stop.asked):
                    stop.leave(f"Stage {training.stage.name} is trained; run the same command to go on.")
    if job.rank == 0:
        _clear(training, places.folder)
        earlier.displace()
    return {**read_metrics(places.folder / METRICS)[-1], **asdict(state)}


def _log(training: Training, places: Places, step: int, rank: int) -> AbstractContextManager[MetricsLog | None]:
    """Rank 0 keeps the records."""
    if rank:
        return nullcontext()
    trackers = open_trackers(training.execution.trackers, places.tensorboard)
    return MetricsLog(places.folder, places.tensorboard, step, trackers)


def _finished_state(training: Training, folder: Path) -> State | None:
    """The state of a stage whose final files are complete, or None; with patience or a goal it may have ended early."""
    if not (folder / STATE).is_file():
        return None
    state, stage = state_of(folder / STATE), training.stage
    patient = stage.retention is not None and stage.retention.patience is not None
    early = (patient or stage.stop_when is not None) and state.step < stage.steps
    ended = early or state.step == stage.steps
    return state if ended and state.made_with == json_values(training.made_with(state.step)) else None


def _clear(training: Training, folder: Path) -> None:
    """Remove the checkpoints of a stage that has ended, except those kept for good, and what a crash left."""
    clear_crash_leavings(folder)
    keep = Keep(every=training.execution.keep_every_steps, branch=training.stage.branch_step)
    for path in keep.superfluous(step_folders(folder), finished=True):
        remove(path)

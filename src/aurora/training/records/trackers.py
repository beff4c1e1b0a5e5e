"""The records of a stage as runs of Weights & Biases or MLflow, where the recipe asks for them.

One decision: a tracker only looks on. It gets what metrics.jsonl gets, some seconds late and many steps at a time; one
that fails is named once and dropped, and training goes on. Offline records stay in the run's folder.
"""

from __future__ import annotations

import hashlib
import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from aurora.console.progress import say
from aurora.errors import UserError
from aurora.recipe.execution import TrackerName

Record = Mapping[str, float]
PROJECT = "aurora"
_MOST_METRICS = 1000  # MLflow's own limit for one request


class Tracker(Protocol):
    """A service that shows a stage's records."""

    def send(self, records: Sequence[Record]) -> None:
        """Show these records, in order of their `step`."""

    def close(self) -> None:
        """Close the run: no more records come."""


class Onlookers:
    """The trackers of a stage; none of their errors reaches the training."""

    def __init__(self, trackers: Mapping[str, Tracker]) -> None:
        self._trackers = dict(trackers)
        self._waiting: list[Record] = []

    def write(self, record: Record) -> None:
        """Keep a record for the next `flush`."""
        if self._trackers:
            self._waiting.append(dict(record))

    def flush(self) -> None:
        """Send the waiting records."""
        if self._waiting:
            self._each(lambda tracker: tracker.send(self._waiting))
            self._waiting = []

    def close(self) -> None:
        """Send the waiting records and close the runs."""
        self.flush()
        self._each(lambda tracker: tracker.close())

    def _each(self, act: Callable[[Tracker], None]) -> None:
        for name, tracker in list(self._trackers.items()):
            try:
                act(tracker)
            except Exception as error:  # a service may raise anything
                del self._trackers[name]
                say(f"{name} failed, so training goes on without it: {error}")


def open_trackers(names: Sequence[TrackerName], tensorboard: Path) -> Onlookers:
    """The trackers `names` for the stage whose TensorBoard events are in RUN/tensorboard/STAGE.

    A resumed stage uses the same run of a tracker. Unless the environment says otherwise (WANDB_PROJECT,
    MLFLOW_EXPERIMENT_NAME, MLFLOW_TRACKING_URI and the like), the project is `aurora`, and MLflow writes to a database
    in the run's folder. Raises `UserError` for a tracker that is not installed or cannot start.
    """
    run = tensorboard.resolve().parents[1]
    opened: dict[str, Tracker] = {}
    for name in names:
        try:
            opened[name] = _KINDS[name](run, tensorboard.name)
        except ImportError as error:
            raise UserError(
                f"execution.trackers names {name}, which is not installed: run `pip install {name}`, or "
                f"remove {name} from the list."
            ) from error
        except Exception as error:  # a service may raise anything: no login, no network, a bad address
            raise UserError(
                f"execution.trackers: {name} does not start ({error}): set it up, or remove it from the list."
            ) from error
    return Onlookers(opened)


class WeightsAndBiases:
    """A run of wandb; WANDB_MODE=offline keeps it in the folder, for `wandb sync`."""

    def __init__(self, run: Path, stage: str) -> None:
        import wandb

        self._run = wandb.init(
            project=os.environ.get("WANDB_PROJECT", PROJECT),
            group=run.name,
            name=f"{run.name}/{stage}",
            id=_identity(run, stage),
            resume="allow",
            dir=str(run),
        )

    def send(self, records: Sequence[Record]) -> None:
        """As in `Tracker`; the service drops steps that it has seen before a crash."""
        for record in records:
            self._run.log(_values(record), step=int(record["step"]))

    def close(self) -> None:
        """As in `Tracker`."""
        self._run.finish()


class MLflow:
    """A run of MLflow, found again by its tag."""

    def __init__(self, run: Path, stage: str) -> None:
        import mlflow

        if "MLFLOW_TRACKING_URI" not in os.environ:
            mlflow.set_tracking_uri(f"sqlite:///{run / 'mlflow.db'}")
        self._entities = mlflow.entities
        self._client = mlflow.MlflowClient()
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME", PROJECT)
        existing = self._client.get_experiment_by_name(name)
        experiment = self._client.create_experiment(name) if existing is None else existing.experiment_id
        identity = _identity(run, stage)
        earlier = self._client.search_runs([experiment], f"tags.aurora = '{identity}'")
        tracked: Any = earlier[0] if earlier else None
        if tracked is None:
            tracked = self._client.create_run(experiment, run_name=f"{run.name}/{stage}", tags={"aurora": identity})
        self._id: str = tracked.info.run_id

    def send(self, records: Sequence[Record]) -> None:
        """As in `Tracker`."""
        now = int(time.time() * 1000)  # MLflow counts in milliseconds
        metrics = [
            self._entities.Metric(name, value, now, int(record["step"]))
            for record in records
            for name, value in _values(record).items()
        ]
        for start in range(0, len(metrics), _MOST_METRICS):
            self._client.log_batch(self._id, metrics[start : start + _MOST_METRICS])

    def close(self) -> None:
        """As in `Tracker`."""
        self._client.set_terminated(self._id)


_KINDS: dict[TrackerName, Callable[[Path, str], Tracker]] = {"wandb": WeightsAndBiases, "mlflow": MLflow}


def _values(record: Record) -> dict[str, float]:
    return {name: value for name, value in record.items() if name != "step" and math.isfinite(value)}


def _identity(run: Path, stage: str) -> str:
    """A name for the stage that stays the same when it resumes; 16 digits, as services limit its length."""
    return hashlib.sha256(f"{run}\0{stage}".encode()).hexdigest()[:16]

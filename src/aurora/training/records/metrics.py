"""The figures of a stage in training: `metrics.jsonl` and TensorBoard events.

One decision: one line per step, which belongs to the checkpoint that follows it: a stage that resumes drops the lines
after its checkpoint, so a killed stage ends with the lines of an undisturbed one. Events are written in this thread and
not in TensorBoard's own: a full disk then stops the stage with a sentence instead of hanging it.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from aurora.files import atomic_file, explained
from aurora.training.guard import Judged
from aurora.training.records.trackers import Onlookers

METRICS = "metrics.jsonl"
# How old a line may be that a reader of the file does not see yet; a flush of each step would wait for the disk.
FLUSH_SECONDS = 10.0


# Set in the record of a step that did not change the weights; its loss is recorded where it is a number.
LEFT_OUT = "left_out"
# In the same record, the earlier step to which the stage went back; the records of the undone steps stay.
RETURNED_TO = "returned_to"


class MetricsLog:
    """Writes the records of a stage that resumes at `step`; earlier ones are kept. `onlookers` get new ones too."""

    def __init__(self, folder: Path, tensorboard: Path, step: int, onlookers: Onlookers | None = None) -> None:
        self._onlookers = onlookers or Onlookers({})
        self._path = folder / METRICS
        keep_until(self._path, step)
        with explained(self._path):
            self._lines = self._path.open("a", encoding="utf-8")
        self._events = EventFile(tensorboard, step)
        self._flushed = time.monotonic()

    def write(self, record: Mapping[str, float]) -> None:
        """Add the record of one step; its `step` becomes the step of the events."""
        with explained(self._path):
            self._lines.write(json.dumps(record, sort_keys=True) + "\n")
        self._events.write(record)
        self._onlookers.write(record)
        if time.monotonic() - self._flushed > FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write everything to disk: called before a checkpoint, whose steps must have their lines."""
        with explained(self._path):
            self._lines.flush()
            os.fsync(self._lines.fileno())
        self._events.flush()
        self._onlookers.flush()
        self._flushed = time.monotonic()

    def __enter__(self) -> MetricsLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._onlookers.close()
        with explained(self._path):
            self._lines.close()
        self._events.close()


class EventFile:
    """TensorBoard scalars; events of earlier attempts after `step` are declared void (`purge_step`), not removed."""

    def __init__(self, folder: Path, step: int) -> None:
        from tensorboardX.event_file_writer import EventsWriter
        from tensorboardX.proto.event_pb2 import Event, SessionLog

        self._folder = folder
        with explained(folder):
            folder.mkdir(parents=True, exist_ok=True)
            fraction = time.time_ns() % 10**9  # of the second in the name: makes it unique, and sorts by time
            self._writer = EventsWriter(str(folder / "events"), f".{fraction:09d}.{os.getpid()}.{step}")
            self._writer.write_event(
                Event(step=step + 1, wall_time=time.time(), session_log=SessionLog(status=SessionLog.START))
            )

    def write(self, record: Mapping[str, float]) -> None:
        """Every value of `record` but `step` as a scalar of that step."""
        from tensorboardX.proto.event_pb2 import Event
        from tensorboardX.proto.summary_pb2 import Summary

        values = [
            Summary.Value(tag=name, simple_value=value)
            for name, value in sorted(record.items())
            if name != "step" and math.isfinite(value)
        ]
        with explained(self._folder):
            self._writer.write_event(
                Event(step=int(record["step"]), wall_time=time.time(), summary=Summary(value=values))
            )

    def flush(self) -> None:
        """Write the events to disk."""
        with explained(self._folder):
            self._writer.flush()

    def close(self) -> None:
        """Flush and close the file."""
        with explained(self._folder):
            self._writer.close()


def keep_until(path: Path, step: int, key: str = "step") -> None:
    """Keep the lines of a file of records whose `key` is at most `step`; a line that a crash truncated goes too."""
    kept = [line for line in _lines(path) if line.endswith("\n") and _step(line, key) <= step]
    with atomic_file(path, "w") as stream:
        stream.writelines(kept)


def read_metrics(path: Path) -> list[dict[str, float]]:
    """The records of a metrics file, in order of steps."""
    records: list[dict[str, float]] = [json.loads(line) for line in _lines(path)]
    return records


def judged(path: Path, step: int) -> list[Judged]:
    """The steps up to `step` as the guard judged them."""
    records = [json.loads(line) for line in _lines(path) if _step(line) <= step]
    return [Judged(record.get("loss"), LEFT_OUT in record, record.get(RETURNED_TO)) for record in records]


def _lines(path: Path) -> list[str]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", errors="replace") as stream:
        return stream.readlines()


def _step(line: str, key: str = "step") -> float:
    try:
        record: Any = json.loads(line)
        return float(record[key])
    except (ValueError, KeyError, TypeError):
        return math.inf

"""The batches that a guard left out, as a file: `left_out.jsonl` beside the checkpoints, created with the first one.

One decision: a line is a batch and belongs to the step at which its fault was found. A stage that resumes drops the
lines of steps after its checkpoint and finds the same faults again, so an interrupted stage ends with the same file.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from aurora.files import explained
from aurora.training.guard import Fault
from aurora.training.records.metrics import keep_until

FILE = "left_out.jsonl"
FOUND_AT = "found_at"
ROLLED_BACK = "rolled_back"

# From a step (from 0) to a description of its sequences, as `aurora.tokens.loader.Loader.contents` gives it.
Contents = Callable[[int], Sequence[Any]]


class LeftOut:
    """Writes the lines of a stage that resumes at `step`; earlier lines are kept."""

    def __init__(self, folder: Path, step: int, contents: Contents) -> None:
        self._path = folder / FILE
        self._contents = contents
        if self._path.exists():
            keep_until(self._path, step, FOUND_AT)

    def write(self, step: int, fault: Fault, undone: Iterable[int]) -> None:
        """Add the batch of `step` (from 1) for its `fault`, after those of the steps `undone` with it."""
        value = fault.value if math.isfinite(fault.value) else str(fault.value)
        with explained(self._path), self._path.open("a", encoding="utf-8") as stream:
            stream.writelines(self._line(at, step, ROLLED_BACK) for at in undone)
            stream.write(self._line(step, step, fault.reason, value))
            stream.flush()
            os.fsync(stream.fileno())  # on disk before any checkpoint after this step

    def _line(self, step: int, found_at: int, reason: str, value: float | str | None = None) -> str:
        contents = self._contents(step - 1)
        record = {"step": step, FOUND_AT: found_at, "reason": reason, "value": value, "sequences": contents}
        return json.dumps(record, ensure_ascii=False) + "\n"

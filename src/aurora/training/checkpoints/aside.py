"""What a stage moves out of its way: `STAGE.set-aside`, beside its folder.

One decision: what no longer fits is renamed, never removed, to an unused name that says what it was. It goes beside the
stage's folder and not into it, so that a finished stage holds nothing of earlier attempts.
"""

from __future__ import annotations

import shutil
from itertools import count
from pathlib import Path

from aurora.files import explained
from aurora.folders import SET_ASIDE
from aurora.run.working import FINGERPRINT
from aurora.tokens.replay_decisions import DECISIONS
from aurora.training.checkpoints.checkpoint import step_folder, step_folders, step_of
from aurora.training.records.asked import ASKED
from aurora.training.records.left_out import FILE as LEFT_OUT
from aurora.training.records.metrics import METRICS
from aurora.training.records.state import STATE
from aurora.training.records.watched import WATCHED

# Files with records of a stage's steps, which go wherever its checkpoints go.
RECORDS = (METRICS, LEFT_OUT, DECISIONS, WATCHED, ASKED)


class Aside:
    """The folder to which earlier work of the stage in `place` is moved."""

    def __init__(self, place: Path) -> None:
        self.folder = place.with_name(f"{place.name}{SET_ASIDE}")

    def move(self, path: Path, name: str) -> Path:
        """Move `path` to a free name like `name`; returns it."""
        target = self._free(name)
        with explained(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)
        return target

    def move_all(self, folder: Path) -> Path | None:
        """Move everything in a working folder but its fingerprint; None where it holds no weights."""
        checkpoints = sorted(step_folders(folder), key=step_of)
        if not checkpoints and not (folder / STATE).is_file():
            return None
        rest = [path for path in sorted(folder.iterdir()) if path.name != FINGERPRINT and path not in checkpoints]
        return self._move_into("interrupted", [*rest, *checkpoints])

    def move_after(self, folder: Path, step: int) -> Path | None:
        """Move the checkpoints of a working folder after `step`, with a copy of its records; None without any."""
        later = [path for path in step_folders(folder) if step_of(path) > step]
        if not later:
            return None
        target = self._move_into(f"after-{step_folder(folder, step).name}", later)
        copy_records(folder, target)
        return target

    def _move_into(self, name: str, paths: list[Path]) -> Path:
        target = self._free(name)
        with explained(target):
            target.mkdir(parents=True)
            for path in paths:
                path.rename(target / path.name)
        return target

    def _free(self, name: str) -> Path:
        names = (self.folder / (f"{name}-{number}" if number > 1 else name) for number in count(1))
        return next(path for path in names if not path.exists())


def copy_records(source: Path, target: Path) -> None:
    """Copy the records that a stage has in `source`."""
    with explained(target):
        for name in RECORDS:
            if (source / name).is_file():
                shutil.copyfile(source / name, target / name)

"""Checkpoints of a stage in training, each whole or not there, and which of them are kept.

One decision: a checkpoint `step-00000123/` is written under another name, hashed, flushed and renamed, and only read
where every byte has its recorded hash; `continuing` says from which of them a stage goes on. Nothing in it depends on
the time but `seconds` and `tokens_per_second` in `state.json`.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from torch import Tensor

from aurora.errors import AuroraError
from aurora.files import explained, read_json, sha256, write_json
from aurora.folders import CHECKSUMS, clear_replaced, publish, remove
from aurora.model.weights import write_weights
from aurora.recipe.model import WEIGHTS
from aurora.training.checkpoints.boxed_tensors import Stored
from aurora.training.process.job import Job
from aurora.training.records.state import OPTIMIZER, STATE, State, state_of

ALONE = Job()

_FOLDER = re.compile(r"step-\d{8,}")
_FILE = re.compile(r"[\w-]+\.(json|safetensors)")


class Damaged(AuroraError):
    """A checkpoint that is not as it was written; says which, and what is wrong with it."""


@dataclass(frozen=True)
class Keep:
    """Which checkpoints stay: the `newest`, and for good those of every `every`-th step (0: none) and of step `branch`.

    From `branch` on, where a rate is still stable, the stage may once be given more tokens.

    `best()` is the step of one that stays until there is a better one, or None. Those of every `returns`-th step (0:
    none) stay while a guard may go back to them: from step n to that of step `back_to(n)`.
    """

    newest: int = 2
    every: int = 0
    best: Callable[[], int | None] = lambda: None
    returns: int = 0
    back_to: Callable[[int], int] = lambda step: step
    branch: int | None = None

    def due(self, step: int) -> bool:
        """Whether a checkpoint of `step` is kept for good."""
        return step == self.branch or (bool(self.every) and step % self.every == 0)

    def wanted(self, step: int) -> bool:
        """Whether there is to be a checkpoint of `step`, however young the last one is."""
        return self.due(step) or self.returnable(step) or step == self.best()

    def returnable(self, step: int) -> bool:
        """Whether a guard may go back to a checkpoint of `step`."""
        return bool(self.returns) and step % self.returns == 0

    def superfluous(self, newest_first: Sequence[Path], *, finished: bool = False) -> list[Path]:
        """Those of the step folders to remove; of a `finished` stage only the ones kept for good stay."""
        later = newest_first[0 if finished else self.newest :]
        best = None if finished else self.best()
        steps = {path: step_of(path) for path in later}
        if not finished and later:  # also from the oldest of the newest, if all others turned out damaged
            back_to = self.back_to(step_of(newest_first[self.newest - 1]))
            steps = {path: step for path, step in steps.items() if not (self.returnable(step) and step >= back_to)}
        return [path for path, step in steps.items() if not self.due(step) and step != best]


KEEP = Keep()


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint as read: `model` and `optimizer` are fp32 tensors by name, mapped from disk."""

    state: State
    model: Stored
    optimizer: Stored


def save_checkpoint(
    folder: Path,
    state: State,
    model: Mapping[str, Tensor],
    optimizer: Mapping[str, Tensor],
    job: Job = ALONE,
    keep: Keep = KEEP,
) -> Path:
    """Write `folder/step-N` and remove what `keep` does not; on a full disk (`AuroraError`) the older ones stay.

    Each rank of `job` gives what it owns, by boxed name; all return when the checkpoint is there, or raise what went
    wrong for one of them.
    """
    final = step_folder(folder, state.step)
    partial = folder / f".{final.name}.partial"
    try:
        with job.together(), explained(final):
            if job.rank == 0:
                shutil.rmtree(partial, ignore_errors=True)
                partial.mkdir(parents=True)
        written = {shard_name(WEIGHTS, job): model, shard_name(OPTIMIZER, job): optimizer}
        with job.together():
            for name, tensors in written.items():
                write_weights(partial / name, tensors)
        sums = job.gather(json.dumps({name: sha256(partial / name) for name in written}))
        with job.together():
            if job.rank == 0:
                _publish(partial, final, state, sums)
                for old in keep.superfluous(step_folders(folder)):
                    remove(old)
    finally:
        if job.rank == 0:
            shutil.rmtree(partial, ignore_errors=True)
    return final


def _publish(partial: Path, final: Path, state: State, sums: Sequence[str]) -> None:
    """Put a checkpoint whose shards are written in its place, with the hashes that the ranks tell in `sums`."""
    write_json(partial / STATE, asdict(state))
    checksums = {STATE: sha256(partial / STATE)}
    for part in sums:
        checksums |= json.loads(part)
    write_json(partial / CHECKSUMS, checksums)
    publish(partial, final)


def step_folder(folder: Path, step: int) -> Path:
    """Where the checkpoint of a step is."""
    return folder / f"step-{step:08d}"


def step_of(path: Path) -> int:
    """The step of a checkpoint's folder."""
    return int(path.name.removeprefix("step-"))


def shard_name(name: str, job: Job) -> str:
    """What a rank calls its part of the file `name`; alone it is the file."""
    path = Path(name)
    return name if job.ranks == 1 else f"{path.stem}-{job.rank:05d}-of-{job.ranks:05d}{path.suffix}"


def read_checkpoint(path: Path, job: Job = ALONE) -> Checkpoint:
    """Read and verify one checkpoint of any layout; `Damaged` on every rank where one finds it so.

    `AuroraError` for one that another version wrote.
    """
    problem, names = "", []
    try:
        names = _verify(path, job)
    except Damaged as error:
        problem = str(error)
    if found := [part for part in job.gather(problem) if part]:
        raise Damaged(found[0])
    with job.together():
        state = state_of(path / STATE)
        model, optimizer = (
            Stored([path / name for name in names if name.startswith(Path(kind).stem)]) for kind in (WEIGHTS, OPTIMIZER)
        )
    return Checkpoint(state, model, optimizer)


def _verify(path: Path, job: Job) -> list[str]:
    """The files of a checkpoint; each rank reads its share of them to see that every byte is as it was written."""
    try:
        checksums = read_json(path / CHECKSUMS)
    except (AuroraError, OSError) as error:
        raise Damaged(f"Checkpoint {path} is damaged: {CHECKSUMS} is missing or cannot be read.") from error
    names = sorted(checksums) if isinstance(checksums, dict) else []
    if STATE not in names or len(names) < 3 or not all(_FILE.fullmatch(name) for name in names):
        raise Damaged(f"Checkpoint {path} is damaged: {CHECKSUMS} does not list its files.")
    for name in names:
        if not (path / name).is_file():
            raise Damaged(f"Checkpoint {path} is damaged: {name} is missing.")
    for name in names[job.rank :: job.ranks]:
        try:
            same = checksums[name] == sha256(path / name)
        except OSError as error:
            raise Damaged(f"Checkpoint {path} is damaged: {name} cannot be read ({error.strerror}).") from error
        if not same:
            raise Damaged(f"Checkpoint {path} is damaged: {name} is not as it was written.")
    return names


def step_folders(folder: Path) -> list[Path]:
    """The published checkpoints below `folder`, newest first; folders that others put there are none."""
    found = (path for path in folder.glob("step-*") if _FOLDER.fullmatch(path.name) and path.is_dir())
    return sorted(found, key=step_of, reverse=True)


def clear_crash_leavings(folder: Path) -> None:
    """Remove what a killed process had begun to write or to replace."""
    for path in folder.glob(".step-*.partial"):
        if _FOLDER.match(path.name.removeprefix(".")):
            shutil.rmtree(path)
    for path in folder.glob(".step-*.replaced"):
        clear_replaced(folder / path.name.removeprefix(".").removesuffix(".replaced"))

"""Checkpoints of a stage in training, each whole or absent, and which of them are kept.

One decision: a checkpoint `step-00000123/` is written under another name, hashed, flushed and renamed, and only read
where every byte agrees with its recorded hash; `continuing` says from which of them a stage goes on. Only `seconds` and
`tokens_per_second` in its `state.json` depend on the clock.
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
    """A checkpoint that has changed since it was written; the message says which, and what is wrong with it."""


@dataclass(frozen=True)
class Keep:
    """Which checkpoints are kept.

    The `newest` ones; for good those of every `every`-th step (0: none) and that of step `branch`, where the learning
    rate is still stable, so that the stage can later be given more tokens. `best()` is the step of one that is kept
    until there is a better one, or None. Those of every `returns`-th step (0: none) are kept while a guard may go back
    to them: from step n to that of step `back_to(n)`.
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
        """Whether `step` needs a checkpoint, however recent the last one is."""
        return self.due(step) or self.returnable(step) or step == self.best()

    def returnable(self, step: int) -> bool:
        """Whether a guard may go back to a checkpoint of `step`."""
        return bool(self.returns) and step % self.returns == 0

    def superfluous(self, newest_first: Sequence[Path], *, finished: bool = False) -> list[Path]:
        """The step folders to remove; a `finished` stage keeps only those kept for good."""
        later = newest_first[0 if finished else self.newest :]
        best = None if finished else self.best()
        steps = {path: step_of(path) for path in later}
        if not finished and later:  # the guard may go back from the oldest of the newest, if the others are damaged
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
    """Write `folder/step-N` and remove what `keep` does not keep; on a full disk (`AuroraError`) older ones stay.

    Each rank of `job` gives the tensors it owns, by boxed name; all return when the checkpoint is written, or all raise
    the error of one of them.
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
    """Publish a checkpoint whose shards are written, with the hashes of each rank's files in `sums`."""
    write_json(partial / STATE, asdict(state))
    checksums = {STATE: sha256(partial / STATE)}
    for part in sums:
        checksums |= json.loads(part)
    write_json(partial / CHECKSUMS, checksums)
    publish(partial, final)


def step_folder(folder: Path, step: int) -> Path:
    """The folder of a step's checkpoint."""
    return folder / f"step-{step:08d}"


def step_of(path: Path) -> int:
    """The step of a checkpoint's folder."""
    return int(path.name.removeprefix("step-"))


def shard_name(name: str, job: Job) -> str:
    """The name of a rank's part of the file `name`; a single process writes `name` itself."""
    path = Path(name)
    return name if job.ranks == 1 else f"{path.stem}-{job.rank:05d}-of-{job.ranks:05d}{path.suffix}"


def read_checkpoint(path: Path, job: Job = ALONE) -> Checkpoint:
    """Read and verify one checkpoint of any layout; `Damaged` on every rank where one rank finds damage.

    `AuroraError` for a checkpoint of another version.
    """
    problem, names = "", []
    try:
        names = _verify(path, job)
    except Damaged as error:
        problem = str(error)
    if problems := [part for part in job.gather(problem) if part]:
        raise Damaged(problems[0])
    with job.together():
        state = state_of(path / STATE)
        model, optimizer = (
            Stored([path / name for name in names if name.startswith(Path(kind).stem)]) for kind in (WEIGHTS, OPTIMIZER)
        )
    return Checkpoint(state, model, optimizer)


def _verify(path: Path, job: Job) -> list[str]:
    """The files of a checkpoint; each rank verifies the hashes of its share of them."""
    try:
        checksums = read_json(path / CHECKSUMS)
    except (AuroraError, OSError) as error:
        raise Damaged(f"Checkpoint {path} is damaged: {CHECKSUMS} is missing or cannot be read.") from error
    names = sorted(checksums) if isinstance(checksums, dict) else []
    # The state, and at least one file of weights and one of moments.
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
            raise Damaged(f"Checkpoint {path} is damaged: {name} has changed since it was written.")
    return names


def step_folders(folder: Path) -> list[Path]:
    """The published checkpoints below `folder`, newest first; folders with other names are ignored."""
    folders = (path for path in folder.glob("step-*") if _FOLDER.fullmatch(path.name) and path.is_dir())
    return sorted(folders, key=step_of, reverse=True)


def clear_crash_leavings(folder: Path) -> None:
    """Remove what a killed process left half-written or half-replaced."""
    for path in folder.glob(".step-*.partial"):
        if _FOLDER.match(path.name.removeprefix(".")):
            shutil.rmtree(path)
    for path in folder.glob(".step-*.replaced"):
        clear_replaced(folder / path.name.removeprefix(".").removesuffix(".replaced"))

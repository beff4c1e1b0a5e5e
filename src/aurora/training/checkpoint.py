"""Checkpoints of a stage in training, each whole or not there.

One decision: a checkpoint `step-00000123/` is written under another name, hashed, flushed and renamed; a stage goes on
from the newest whose every byte has its recorded hash. Nothing in it depends on the time but `seconds` and
`tokens_per_second` in `state.json`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from aurora.errors import AuroraError
from aurora.files import explained, publish, read_json, sha256, write_json
from aurora.model.weights import read_weights, write_weights
from aurora.progress import say

# What fixes the numbers of a stage's first so many steps, as a hash. Settings of later steps may be edited.
Fingerprint = Callable[[int], str]

SCHEMA = 1
KEEP = 2
MODEL = "model.safetensors"
OPTIMIZER = "optimizer.safetensors"
STATE = "state.json"
CHECKSUMS = "checksums.json"


@dataclass(frozen=True)
class State:
    """Where a stage stands. Position is the only state: batches, schedule and random numbers follow from `step`.

    `step` counts the updates done, `sequence` is the number of the mixture's next sequence, `tokens` counts positions
    seen and `loss_tokens` those with a loss, `seconds` is the wall time of all attempts; `tokens_per_second` leaves
    measurements and checkpoints out. `fingerprint` stands for all that fixes the numbers so far, `precision` for the
    arithmetic used.
    """

    stage: str
    fingerprint: str
    precision: str
    step: int
    sequence: int
    tokens: int
    loss_tokens: int
    seconds: float
    tokens_per_second: float
    schema: int = SCHEMA


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint as read: `model` and `optimizer` are fp32 tensors by name, mapped from disk."""

    state: State
    model: dict[str, Tensor]
    optimizer: dict[str, Tensor]


def save_checkpoint(folder: Path, state: State, model: Mapping[str, Tensor], optimizer: Mapping[str, Tensor]) -> Path:
    """Write `folder/step-N` and remove all but the newest two; on a full disk (`AuroraError`) the older ones stay."""
    final = folder / f"step-{state.step:08d}"
    partial = folder / f".{final.name}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    try:
        with explained(final):
            partial.mkdir(parents=True)
        write_weights(partial / MODEL, model)
        write_weights(partial / OPTIMIZER, optimizer)
        write_json(partial / STATE, asdict(state))
        write_json(partial / CHECKSUMS, {name: sha256(partial / name) for name in (MODEL, OPTIMIZER, STATE)})
        publish(partial, final)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    for old in step_folders(folder)[KEEP:]:
        shutil.rmtree(old)
    return final


def newest_checkpoint(folder: Path, fingerprint: Fingerprint) -> Checkpoint | None:
    """The newest good checkpoint below `folder`, or None. Those it refuses are named on the terminal and removed."""
    for path in folder.glob(".step-*"):
        shutil.rmtree(path)
    for path in step_folders(folder):
        try:
            return read_checkpoint(path, fingerprint)
        except AuroraError as error:
            say(f"{error} The checkpoint before it is used.")
            shutil.rmtree(path)
    return None


def read_checkpoint(path: Path, fingerprint: Fingerprint) -> Checkpoint:
    """Read and verify one checkpoint; `AuroraError` names what is wrong with it."""
    checksums = read_json(path / CHECKSUMS)
    for name in (MODEL, OPTIMIZER, STATE):
        if not (path / name).is_file():
            raise AuroraError(f"Checkpoint {path} is damaged: {name} is missing.")
        if not isinstance(checksums, dict) or checksums.get(name) != sha256(path / name):
            raise AuroraError(f"Checkpoint {path} is damaged: {name} is not as it was written.")
    state = state_of(path / STATE)
    if state.fingerprint != fingerprint(state.step):
        raise AuroraError(f"Checkpoint {path} was made with other settings or inputs.")
    return Checkpoint(state, read_weights([path / MODEL]), read_weights([path / OPTIMIZER]))


def state_of(path: Path) -> State:
    """Read a `state.json`; `AuroraError` for one that this version cannot read."""
    values: Any = read_json(path)
    try:
        state = State(**values)
    except TypeError as error:
        raise AuroraError(f"{path} is not a state of this version ({error}).") from error
    if state.schema != SCHEMA:
        raise AuroraError(f"{path} has schema {state.schema}, but this version reads {SCHEMA}.")
    return state


def step_folders(folder: Path) -> list[Path]:
    """The published checkpoints below `folder`, newest first."""
    return sorted((path for path in folder.glob("step-*") if path.is_dir()), reverse=True)

"""Checkpoints of a stage in training, each whole or not there.

One decision: a checkpoint `step-00000123/` is written under another name, hashed, flushed and renamed; when a stage goes
on, the newest whose every byte has its recorded hash is used. Nothing in it depends on the time but `seconds` and
`tokens_per_second` in `state.json`.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from aurora.errors import AuroraError
from aurora.files import explained, publish, read_json, sha256, write_json
from aurora.progress import say

SCHEMA = 1
KEEP = 2
MODEL = "model.safetensors"
OPTIMIZER = "optimizer.safetensors"
STATE = "state.json"
CHECKSUMS = "checksums.json"


@dataclass(frozen=True)
class State:
    """Where a stage stands. Position is the only state: batches, schedule and random numbers follow from `step`.

    `step` counts the updates done, `sequence` is the number of the next sequence of the stage's mixture, `tokens` counts
    positions seen and `loss_tokens` those with a loss, over `seconds` of wall time in all attempts. `fingerprint` stands
    for everything that fixes the numbers, `precision` for the arithmetic that it came to on this machine.
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
    """A checkpoint as read: `model` and `optimizer` are fp32 tensors by name."""

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
        write_tensors(partial / MODEL, model)
        write_tensors(partial / OPTIMIZER, optimizer)
        write_json(partial / STATE, asdict(state))
        write_json(partial / CHECKSUMS, {name: sha256(partial / name) for name in (MODEL, OPTIMIZER, STATE)})
        publish(partial, final)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    for old in step_folders(folder)[KEEP:]:
        shutil.rmtree(old)
    return final


def newest_checkpoint(folder: Path, fingerprint: str) -> Checkpoint | None:
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


def read_checkpoint(path: Path, fingerprint: str) -> Checkpoint:
    """Read and verify one checkpoint; `AuroraError` names what is wrong with it."""
    checksums = read_json(path / CHECKSUMS)
    for name in (MODEL, OPTIMIZER, STATE):
        if not (path / name).is_file():
            raise AuroraError(f"Checkpoint {path} is damaged: {name} is missing.")
        if not isinstance(checksums, dict) or checksums.get(name) != sha256(path / name):
            raise AuroraError(f"Checkpoint {path} is damaged: {name} is not as it was written.")
    state = state_of(path / STATE)
    if state.fingerprint != fingerprint:
        raise AuroraError(f"Checkpoint {path} was made with other settings or inputs.")
    return Checkpoint(state, read_tensors(path / MODEL), read_tensors(path / OPTIMIZER))


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


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write a safetensors file, the same bytes for the same tensors; a full disk is an `AuroraError`."""
    # One metadata key only: the format does not fix the order of several.
    with explained(path):
        try:
            save_file({name: tensor.detach().contiguous() for name, tensor in tensors.items()}, path, {"format": "pt"})
        except SafetensorError as error:
            number = re.search(r"os error (\d+)", str(error))
            if number is None:
                raise
            raise OSError(int(number[1]), os.strerror(int(number[1]))) from error


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read a safetensors file; `AuroraError` for a missing or broken one."""
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise AuroraError(f"{path} cannot be read as tensors ({error}).") from error

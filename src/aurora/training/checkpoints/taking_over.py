"""Checkpoints made of a finished stage's files, so that it can be resumed like an interrupted one.

One decision: files are hard-linked where the file system can. None is ever changed in place, so hundreds of gigabytes
are taken over at once, and the finished stage stays whole until it is set aside.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aurora.errors import AuroraError
from aurora.files import explained, read_json, sha256, write_json
from aurora.folders import CHECKSUMS, MANIFEST, publish
from aurora.recipe.model import WEIGHTS
from aurora.training.checkpoints.checkpoint import step_folder, step_folders
from aurora.training.records.state import OPTIMIZER, STATE, State, state_of

FINAL = (WEIGHTS, OPTIMIZER, STATE)


def states_of(finished: Path) -> dict[Path, State]:
    """The states of a finished stage, newest first: that of its final files, unless it chose an earlier model, and
    those of the checkpoints it kept."""
    kept = {path: state_of(path / STATE) for path in step_folders(finished) if (path / STATE).is_file()}
    final = state_of(finished / STATE)
    return {finished: final, **kept} if final.weights_of == final.step else kept


def hashes_of(finished: Path) -> dict[str, str]:
    """The recorded hash of each file of a finished stage; `AuroraError` naming those missing or truncated."""
    try:
        outputs = read_json(finished / MANIFEST)["outputs"]
        wrong = [name for name, output in outputs.items() if not _is_there(finished / name, output["bytes"])]
        wrong += [name for name in FINAL if name not in outputs]
        sums = {name: str(output["sha256"]) for name, output in outputs.items()}
    except (AuroraError, OSError, ValueError, KeyError, TypeError, AttributeError):
        sums, wrong = {}, [MANIFEST]
    if wrong:
        raise AuroraError(f"{', '.join(wrong)} in {finished} is missing or truncated.")
    return sums


def take_over(source: Path, folder: Path, step: int, hashes: Mapping[str, str]) -> None:
    """Make `source`, a checkpoint or final files with these `hashes`, the checkpoint of `step` in `folder`."""
    target = step_folder(folder, step)
    if target.exists():
        return
    partial = target.with_name(f".{target.name}.partial")
    if (source / CHECKSUMS).is_file():
        sums: dict[str, Any] = read_json(source / CHECKSUMS)
    else:
        sums = {name: hashes[name] for name in FINAL}
    with explained(target):
        partial.mkdir()
        for name in sums:
            _link(source / name, partial / name)
        write_json(partial / CHECKSUMS, sums)
    publish(partial, target)


def end_as_checkpoint(folder: Path, state: State) -> None:
    """Make a working folder with final files look interrupted after the last step; they stay until overwritten."""
    take_over(folder, folder, state.step, {name: sha256(folder / name) for name in FINAL})
    (folder / STATE).unlink()  # it would say that the stage has ended; the checkpoint holds it now


def _is_there(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)

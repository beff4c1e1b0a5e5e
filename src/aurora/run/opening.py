"""Opening a run from the outside: its recipe, its stages, its checkpoints.

One decision: a run folder explains itself through `recipe.json`, which the pipeline writes first, and its seal; the
recipe file that made it is not needed. Files are compared with their hashes before anything is returned.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aurora.errors import AuroraError, UserError
from aurora.files import as_written, read_json
from aurora.folders import MANIFEST, faults, refuse_faulty
from aurora.hashes import remembered
from aurora.nearest import beside
from aurora.recipe import Recipe
from aurora.recipe.model import ARCHITECTURE
from aurora.run.folder import CHECKPOINTS, HASHES, RECIPE, RunFolder
from aurora.run.manifest import read_manifest
from aurora.run.seal import fault_of, read_seal


def checkpoint_of(path: Path, stage: str | None = None) -> Path:
    """The checkpoint folder of a run's `stage` (its last finished one without a name); a checkpoint folder is its
    own. `AuroraError` where a file of it has changed since it was written."""
    if (path / ARCHITECTURE).is_file():
        if stage is not None:
            raise UserError(f"{path} is a checkpoint, not a run: leave out --stage {stage}.")
        return _whole(path)
    if not RunFolder(path).recipe.is_file():
        raise UserError(
            f"{path} is neither a run nor a checkpoint folder{_meant(path)}: give runs/NAME or "
            "runs/NAME/checkpoints/STAGE."
        )
    finished = finished_checkpoints(path)
    if stage is None:
        with as_written(RunFolder(path).recipe):
            stages = [name for name in _recipe(path)["stages"] if name in finished]
        if not stages:
            raise UserError(f"{path} has no finished stage yet: run its recipe first.")
        stage = stages[-1]
    if stage not in finished:
        raise UserError(f"{path} has no finished stage {stage!r}; it has {', '.join(finished) or 'none'}.")
    return _whole(RunFolder(path).checkpoint(stage))


def _meant(path: Path) -> str:
    """A run of that name, which is what people mean who give the folder of their recipe, or a name that is near."""
    run = Path("runs") / path.name
    return f" (did you mean {run}?)" if RunFolder(run).recipe.is_file() else beside(path)


def recipe_of(run: Path) -> Recipe:
    """The recipe that a run was last carried out with; `UserError` where `run` is none."""
    if not RunFolder(run).recipe.is_file():
        raise UserError(f"{run} is not a run{beside(run)}: give runs/NAME.")
    with as_written(RunFolder(run).recipe):
        return Recipe.model_validate(_recipe(run))


def unfinished(path: Path) -> bool:
    """Whether `path` is a run that was begun and is not finished: what is in it may be of earlier values."""
    seal = read_seal(path) if RunFolder(path).recipe.is_file() else None
    return seal is not None and not seal.finished


def run_of(artifact: Path) -> Path | None:
    """The run that contains an artifact, or None."""
    return next((folder for folder in artifact.resolve().parents[:2] if RunFolder(folder).recipe.is_file()), None)


def finished_checkpoints(run: Path) -> list[str]:
    """Names of the run's finished checkpoints: only those that its seal lists."""
    seal = read_seal(run)
    made = [Path(folder) for folder in seal.artifacts] if seal else []
    return sorted(it.name for it in made if it.parent == Path(CHECKPOINTS) and (run / it / MANIFEST).is_file())


def _recipe(run: Path) -> Any:
    """The content of a run's recipe.json; `AuroraError` where it has changed since the run wrote it."""
    seal = read_seal(run)
    if seal is not None and (fault := fault_of(run, RECIPE, seal)):
        raise AuroraError(f"{RunFolder(run).recipe} {fault}: restore it, or delete it and run the recipe again.")
    return read_json(RunFolder(run).recipe)


def _whole(artifact: Path) -> Path:
    """The artifact, after comparing its files with their hashes, if it has a manifest."""
    run = run_of(artifact)
    with remembered((run or artifact) / HASHES, write=False):
        seal = read_seal(run) if run else None
        if run and seal:
            part = RunFolder(run).manifest(artifact.resolve())
            if seal.expected(part) and (fault := fault_of(run, part, seal)):
                refuse_faulty(artifact, {MANIFEST: fault})
        if manifest := read_manifest(artifact):
            refuse_faulty(artifact, faults(artifact, manifest.hashes))
    return artifact

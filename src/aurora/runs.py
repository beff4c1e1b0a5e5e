"""Finding things in a run folder from the outside: its stages, its checkpoints, its damage.

One decision: a run folder explains itself through `recipe.json`, which the pipeline writes first; nothing here needs
the recipe file that made it.
"""

from __future__ import annotations

from pathlib import Path

from aurora.errors import AuroraError, UserError
from aurora.files import read_json
from aurora.manifest import MANIFEST, damaged_files, read_manifest
from aurora.recipe import Recipe

RECIPE = "recipe.json"
CHECKPOINT_FILE = "architecture.json"


def checkpoint_of(path: Path, stage: str | None = None) -> Path:
    """The checkpoint folder of a run's `stage` (its last finished one without a name); a checkpoint folder is its
    own."""
    if (path / CHECKPOINT_FILE).is_file():
        if stage is not None:
            raise UserError(f"{path} is a checkpoint, not a run: leave --stage {stage} away.")
        return path
    if not (path / RECIPE).is_file():
        raise UserError(
            f"{path} is neither a run nor a checkpoint folder: give runs/NAME or runs/NAME/checkpoints/STAGE."
        )
    finished = finished_checkpoints(path)
    if stage is None:
        stages = [name for name in read_json(path / RECIPE)["stages"] if name in finished]
        if not stages:
            raise UserError(f"{path} has no finished stage yet: run its recipe first.")
        stage = stages[-1]
    if stage not in finished:
        raise UserError(f"{path} has no finished stage {stage!r}; it has {', '.join(finished) or 'none'}.")
    return path / "checkpoints" / stage


def recipe_of(run: Path) -> Recipe:
    """The recipe that a run was last carried out with; `UserError` where `run` is none."""
    if not (run / RECIPE).is_file():
        raise UserError(f"{run} is not a run: give runs/NAME.")
    return Recipe.model_validate_json((run / RECIPE).read_bytes())


def finished_checkpoints(run: Path) -> list[str]:
    """Names of the run's published checkpoints."""
    return sorted(folder.parent.name for folder in (run / "checkpoints").glob(f"*/{MANIFEST}") if folder.is_file())


def verify_run(path: Path) -> str:
    """Compare every file of a run (or of one artifact) with its manifest; damage is an `AuroraError` naming the
    files."""
    folders = sorted(manifest.parent for manifest in path.rglob(MANIFEST) if ".partial" not in str(manifest))
    if not folders:
        raise UserError(f"{path} holds no artifact with a {MANIFEST}: give a run folder or one of its artifacts.")
    bad: list[str] = []
    num_files = 0
    for folder in folders:
        manifest = read_manifest(folder)
        if manifest is None:
            bad.append(f"{folder} (a file is missing or cut)")
            continue
        num_files += len(manifest.outputs)
        bad += [str(folder / name) for name in damaged_files(folder, manifest)]
    if bad:
        raise AuroraError(f"Damaged: {', '.join(bad)}; delete the folder they lie in and run the recipe again.")
    return f"{num_files} files in {len(folders)} artifacts are as they were written."

"""Verifying that a run, or a folder that a step, an import or an export wrote, has not changed.

One decision: every byte is read, whether or not its hash is known, and all damage is named at once: what is missing,
altered, linked or added, and whether the run is finished. Other things in a run are only noted: work of interrupted
steps, what was set aside, and the user's own files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from aurora.console.progress import progress
from aurora.errors import AuroraError, UserError
from aurora.files import sha256
from aurora.folders import ALTERED, EXTRA, MANIFEST, MISSING, SET_ASIDE, extras, faults
from aurora.nearest import beside
from aurora.run.folder import HASHES, LOCK, OWN_FILES, RECIPE, SCRATCH, SEAL, RunFolder
from aurora.run.manifest import read_manifest
from aurora.run.opening import run_of
from aurora.run.seal import UNLISTED, Seal, fault_of, read_seal
from aurora.run.working import WORKING

# Files of a run that belong to no artifact and change by themselves, so they are not hashed.
UNHASHED = (LOCK, HASHES, SEAL, *SCRATCH)


def verify(path: Path) -> str:
    """What is undamaged, with notes on what else is there; `AuroraError` naming all damage."""
    path = path.resolve()
    if (path / SEAL).exists() or (path / RECIPE).is_file():
        return _verify_run(path)
    if not (path / MANIFEST).exists():
        raise UserError(
            f"{path} is not a run and has no {MANIFEST}{beside(path)}: give a run folder, or one that Aurora wrote."
        )
    bad: list[str] = []
    num_files = _verify_artifact(path, bad)
    run = run_of(path)
    if run is not None:
        part = RunFolder(run).manifest(path)
        seal = read_seal(run)
        if seal is None or not seal.expected(part):
            if seal is None or Path(part).parts[0] in _rooms(seal):
                bad.append(f"{path} is not in the seal of {run}")
        elif fault := fault_of(run, part, seal):
            bad.append(f"{path / MANIFEST} {fault}")
    _raise(bad)
    return f"Verified {num_files} files in 1 artifact: nothing has changed."


def _verify_run(run: Path) -> str:
    seal = read_seal(run)
    if seal is None:
        raise AuroraError(
            f"Damaged: {run / SEAL} {MISSING}, which lists the run's parts: restore it from a copy; without one, move "
            f"{UNLISTED} away, and run the recipe again, which reuses the artifacts that agree with their manifests."
        )
    bad = [f"{run / part} {fault}" for part in sorted(_parts(seal)) if (fault := fault_of(run, part, seal))]
    present = [run / folder for folder in seal.artifacts if (run / folder / MANIFEST).exists()]
    num_files = sum(_verify_artifact(folder, bad) for folder in present)
    notes = [f"From an earlier version of the recipe: {run / Path(part).parent}" for part in sorted(seal.earlier)]
    _look_around(run, seal, bad, notes)
    unfinished = not seal.finished or seal.coming
    if unfinished and not bad:
        said = f"{run} is not finished, and nothing is damaged: run its recipe again to go on"
        raise AuroraError(" ".join([f"{said} ({num_files} files are as they were written).", *_noted(notes)]))
    if unfinished:
        bad.append(f"{run} is not finished")
    _raise(bad, notes)
    artifacts = f"{num_files} files in {len(seal.artifacts)} artifacts"
    verified = f"Verified {artifacts}, the recipe and the report: nothing has changed."
    return "\n".join([*notes, verified])


def _parts(seal: Seal) -> set[str]:
    """Paths of all parts in the seal; a finished run must also have all of its own files."""
    return {*seal.parts, *seal.earlier, *(OWN_FILES if seal.finished else ())}


def _verify_artifact(folder: Path, bad: list[str]) -> int:
    """Add what is wrong with an artifact to `bad`; returns how many files it lists."""
    problem = f"{folder / MANIFEST} {ALTERED}"
    try:
        manifest = read_manifest(folder)
    except AuroraError as error:
        manifest, problem = None, str(error).rstrip(".")
    if manifest is None:
        if not any(it.startswith(str(folder / MANIFEST)) for it in bad):  # the seal may have named it already
            bad.append(problem)
        return 0
    size = sum(int(output["bytes"]) for output in manifest.outputs.values())
    with progress(f"verify {folder.name}", size, "B") as bar:
        damage = faults(folder, manifest.hashes, _counting(bar.update))
    bad += [f"{folder / name} {fault}" for name, fault in damage.items()]
    bad += [f"{folder / name} {EXTRA}" for name in extras(folder, manifest.hashes)]
    return len(manifest.outputs)


def _counting(report: Callable[[int], object]) -> Callable[[Path], str]:
    def digest(path: Path) -> str:
        known = sha256(path)
        report(path.stat().st_size)
        return known

    return digest


def _look_around(run: Path, seal: Seal, bad: list[str], notes: list[str]) -> None:
    """Name what a run holds besides its artifacts: as damage inside folders that only steps write, else as a note."""
    for name, is_room in _beside(run, set(seal.artifacts), _rooms(seal)):
        path = run / name
        if Path(name).name.endswith(SET_ASIDE):
            notes.append(f"Set aside: {path}")
        elif Path(name).name.endswith(WORKING):
            notes.append(f"Work of an interrupted step, which will resume from it: {path}")
        elif is_room:
            bad.append(f"{path} {EXTRA}")
        elif name not in (*UNHASHED, *OWN_FILES):
            notes.append(f"Not part of the run, and not verified: {path}")


def _rooms(seal: Seal) -> set[str]:
    """Top-level folders of a run in which only steps write."""
    return {Path(folder).parts[0] for folder in seal.artifacts}


def _beside(run: Path, artifacts: set[str], rooms: set[str]) -> Iterator[tuple[str, bool]]:
    """(path in the run, whether it is in a folder that only steps write) of everything that is no artifact."""
    for path in sorted(run.iterdir()):
        if path.name in artifacts:
            continue
        if path.name in rooms and path.is_dir() and not path.is_symlink():
            names = (inner.relative_to(run).as_posix() for inner in sorted(path.iterdir()))
            yield from ((name, True) for name in names if name not in artifacts)
        else:
            yield path.name, path.name in rooms


def _raise(bad: list[str], notes: list[str] | None = None) -> None:
    if bad:
        message = f"Damaged: {'; '.join(bad)}. Restore copies, or move what is named away, and run the recipe again."
        raise AuroraError(" ".join([message, *_noted(notes or [])]))


def _noted(notes: list[str]) -> list[str]:
    return [f"({note})" for note in notes]

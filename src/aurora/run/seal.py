"""The seal of a run, `seal.json`: the parts of the run, each with its SHA-256, and whether the run is finished.

One decision: the new hash of a part is in the seal, as `coming`, *before* the part is moved into its place, and the old
one is removed after that. So wherever a process is killed, each part has one of the two hashes, and a file with any
other was not written by Aurora. Parts are the manifest of each artifact, which lists the artifact's files, and the
run's own files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from aurora.errors import AuroraError, UserError
from aurora.files import canonical_json, read_json, sha256, write_json, write_text
from aurora.folders import ALTERED, LINKED, MANIFEST, MISSING
from aurora.run.folder import OWN_FILES, SCRATCH, SEAL
from aurora.run.schema import SCHEMA, refuse_other_schema

UNLISTED = ", ".join((*OWN_FILES, *SCRATCH))


@dataclass(frozen=True)
class Seal:
    """The parts of a run: `parts` maps a path in the run to its SHA-256, `coming` those about to be moved into place.

    `earlier` holds parts of an earlier version of the recipe, which are kept and checked like the others.
    """

    finished: bool = False
    parts: dict[str, str] = field(default_factory=dict)
    coming: dict[str, str] = field(default_factory=dict)
    earlier: dict[str, str] = field(default_factory=dict)
    schema: int = SCHEMA

    def expected(self, part: str) -> set[str]:
        """The hashes that a part may have; none where the run never had it."""
        return {known[part] for known in (self.parts, self.coming, self.earlier) if part in known}

    @property
    def artifacts(self) -> list[str]:
        """The folders (relative to the run) of all artifacts in place, in order."""
        manifests = {*self.parts, *self.earlier}
        return sorted(part.removesuffix(f"/{MANIFEST}") for part in manifests if part.endswith(f"/{MANIFEST}"))


def read_seal(run: Path) -> Seal | None:
    """The seal of a run, None where it has none; `AuroraError` for one that has changed since it was written."""
    path = run / SEAL
    if not path.exists() and not path.is_symlink():
        return None
    try:
        values: Any = read_json(path) if path.is_file() and not path.is_symlink() else None
        whole = values.pop("sha256") == _hash(values)
        if whole:
            refuse_other_schema(path, values)
        seal = Seal(**values)
    except UserError:
        raise
    except (AuroraError, AttributeError, KeyError, TypeError):
        whole = False
    if not whole:
        raise AuroraError(
            f"{path} {ALTERED}: restore it from a copy; without one, move it away with {UNLISTED}, and run the recipe "
            "again, which reuses the artifacts that agree with their manifests."
        )
    return seal


def begin(run: Path) -> None:
    """Make sure that the run has a seal; parts that were moved into place before a process was killed count."""
    seal = read_seal(run) or Seal()
    arrived = {part: digest for part, digest in seal.coming.items() if _digest(run / part) == digest}
    _write(run, Seal(seal.finished and not seal.coming, seal.parts | arrived, {}, seal.earlier))


def reopen(run: Path) -> None:
    """Record that the run is no longer finished: its parts are about to change."""
    seal = _sealed(run)
    _write(run, Seal(False, seal.parts, seal.coming, seal.earlier))


def announce(run: Path, part: str, digest: str) -> None:
    """Record that a part of the run is about to be replaced by one with the hash `digest`."""
    seal = _sealed(run)
    _write(run, Seal(seal.finished, seal.parts, seal.coming | {part: digest}, seal.earlier))


def settle(run: Path, part: str) -> None:
    """Record that an announced part is in place; a whole part that was already there needs no announcement."""
    seal = _sealed(run)
    digest = _digest(run / part)
    if digest is None:
        raise AuroraError(f"{run / part} {MISSING}, although it was just written: run the same command again.")
    coming, earlier = (
        {name: known for name, known in parts.items() if name != part} for parts in (seal.coming, seal.earlier)
    )
    _write(run, Seal(seal.finished, seal.parts | {part: digest}, coming, earlier))


def finish(run: Path, parts: Collection[str]) -> None:
    """Record that the run is finished and consists of `parts`; its other parts are of an earlier version of the
    recipe."""
    seal = _sealed(run)
    known = seal.earlier | seal.parts
    earlier = {part: digest for part, digest in known.items() if part not in parts and (run / part).exists()}
    _write(run, Seal(True, {part: seal.parts[part] for part in sorted(parts)}, {}, earlier))


def fault_of(run: Path, part: str, seal: Seal) -> str | None:
    """What is wrong with a part of a run, or None."""
    path = run / part
    if any((run / place).is_symlink() for place in (Path(part), *Path(part).parents[:-1])):
        return LINKED
    digest = _digest(path)
    if digest is None:
        return MISSING if not path.exists() else ALTERED
    return None if digest in seal.expected(part) else ALTERED


def keep_sealed(run: Path, part: str, seal: Seal | None) -> None:
    """Raise where a part of a run differs from the seal: `UserError` for a file that the run never had."""
    path = run / part
    if not path.exists() and not path.is_symlink():
        return
    if seal is None or not seal.expected(part):
        raise UserError(f"{path} was not written by this run: move it away, or choose another --output.")
    if fault := fault_of(run, part, seal):
        away = path.parent if path.name == MANIFEST else "it"
        raise AuroraError(f"{path} {fault}: restore it, or move {away} away, and run the recipe again.")


def write_sealed(run: Path, part: str, text: str) -> None:
    """Write one of a run's own files, unless the file there has changed since this run wrote it.

    A folder without a seal, which is no run, may lack the file or hold the same text, but no other.
    """
    seal, path = read_seal(run), run / part
    if path.is_file() and not path.is_symlink() and path.read_bytes() == text.encode():
        if seal is not None and seal.parts.get(part) != sha256(path):
            settle(run, part)
        return
    keep_sealed(run, part, seal)
    if seal is not None:
        announce(run, part, hashlib.sha256(text.encode()).hexdigest())
    write_text(path, text)
    if seal is not None:
        settle(run, part)


def _sealed(run: Path) -> Seal:
    seal = read_seal(run)
    if seal is None:
        raise AuroraError(f"{run / SEAL} {MISSING}: run the same command again.")
    return seal


def _write(run: Path, seal: Seal) -> None:
    values = asdict(seal)
    write_json(run / SEAL, {**values, "sha256": _hash(values)})


def _hash(values: dict[str, Any]) -> str:
    return hashlib.sha256(canonical_json(values)).hexdigest()


def _digest(path: Path) -> str | None:
    return sha256(path) if path.is_file() else None

"""What a step read, did and wrote.

One decision: a step is finished exactly when its folder holds a `manifest.json` whose fingerprint equals the hash of
the step's name, version, settings and input hashes. The folder appears by one rename, with the manifest already in it,
so "finished" needs no other mark. Until then the work is in `FOLDER.partial`, which survives a crash as long as the
fingerprint stays the same, so that long steps can resume where they stopped.
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from aurora.errors import AuroraError
from aurora.files import canonical_json, read_json, write_json
from aurora.folders import MANIFEST, keep_from_loss, listed_in, publish
from aurora.hashes import digest_of
from aurora.run.environment import environment
from aurora.run.schema import SCHEMA, refuse_other_schema
from aurora.run.working import FINGERPRINT, discard_work, sweep, take_up, working_folder


@dataclass(frozen=True)
class Manifest:
    """The record beside an artifact's files.

    `inputs` maps the name of each input to its SHA-256; `outputs` maps each file (path relative to the folder) to its
    SHA-256 and size in bytes; `seconds` is the wall time of the attempt that finished, `environment` where it ran.
    """

    schema: int
    step: str
    version: int
    fingerprint: str
    settings: dict[str, Any]
    inputs: dict[str, str]
    outputs: dict[str, dict[str, Any]]
    seconds: float
    environment: dict[str, str]

    @property
    def hashes(self) -> dict[str, str]:
        """SHA-256 of each output by its name."""
        return {name: output["sha256"] for name, output in self.outputs.items()}

    def chosen(self, *patterns: str) -> dict[str, str]:
        """SHA-256 by name of the outputs whose whole path matches any of `patterns` (all without one).

        A `*` stays within one folder's names. No match is an `AuroraError`.
        """
        chosen = {
            name: digest
            for name, digest in self.hashes.items()
            if not patterns or any(_matches(name, pattern) for pattern in patterns)
        }
        if not chosen:
            raise AuroraError(f"The manifest of step {self.step} lists no file matching {', '.join(patterns)}.")
        return chosen

    def digest(self, *patterns: str) -> str:
        """SHA-256 over the names and hashes of the outputs that `chosen` gives."""
        return hashlib.sha256(canonical_json(self.chosen(*patterns))).hexdigest()

    @property
    def consistent(self) -> bool:
        """Whether the fingerprint is that of step, settings and inputs."""
        return self.fingerprint == fingerprint(self.step, self.version, self.settings, self.inputs)


def fingerprint(step: str, step_version: int, settings: Mapping[str, Any], inputs: Mapping[str, str]) -> str:
    """The hash that tells whether a finished step is up to date. `step_version` rises when a step's code changes its
    output."""
    return hashlib.sha256(canonical_json([step, step_version, settings, inputs])).hexdigest()


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest in `folder`, or None where it has none; `AuroraError` for one that has changed since it was
    written."""
    if listed_in(folder) is None or not (folder / MANIFEST).is_file():
        return None
    try:
        values = read_json(folder / MANIFEST)
        refuse_other_schema(folder / MANIFEST, values)
        manifest = Manifest(**values)
        whole = manifest.consistent and all(map(_is_output, manifest.outputs.values()))
    except (TypeError, ValueError):
        whole = False
    if not whole:
        raise AuroraError(
            f"{folder / MANIFEST} has changed since it was written: restore it, or move {folder} away and run again."
        )
    return manifest


def _is_output(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"sha256", "bytes"} and isinstance(value["bytes"], int)


def files_of(folder: Path, pattern: str) -> list[Path]:
    """The files of an artifact whose path in it matches `pattern`, sorted: only those that its manifest lists.

    In a working folder, which has no manifest yet, all matching files.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        return sorted(path for path in folder.glob(pattern) if path.is_file() and not path.name.startswith("."))
    return sorted(folder / name for name in manifest.outputs if _matches(name, pattern))


def _matches(name: str, pattern: str) -> bool:
    """Whether a path matches a pattern, folder by folder."""
    parts, wanted = name.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(map(fnmatch.fnmatchcase, parts, wanted))


@contextmanager
def artifact(
    folder: Path,
    step: str,
    step_version: int,
    settings: Mapping[str, Any],
    inputs: Mapping[str, str],
    *,
    keep_edited: bool = False,
    announce: Callable[[Path], object] = str,
) -> Iterator[Path]:
    """Yield the working folder of a step; when the block ends without an error, hash it, add the manifest and publish
    it as `folder`.

    What an interrupted attempt left there is kept if its fingerprint is the same, or always with `keep_edited`: the
    step then also decides what happens to an earlier `folder`. `announce` is called with the manifest just before the
    folder gets its name. Raises `UserError`, before anything is done, where files that are not Aurora's are in the way.
    """
    if not keep_edited:
        keep_from_loss(folder)
    current = fingerprint(step, step_version, settings, inputs)
    partial = working_folder(folder)
    take_up(partial, current, keep_edited)
    start = time.perf_counter()
    yield partial
    sweep(partial)
    manifest = Manifest(
        schema=SCHEMA,
        step=step,
        version=step_version,
        fingerprint=current,
        settings=json.loads(canonical_json(settings)),
        inputs=dict(inputs),
        outputs=_outputs(partial),
        seconds=round(time.perf_counter() - start, 3),
        environment=environment(),
    )
    write_json(partial / MANIFEST, asdict(manifest))
    (partial / FINGERPRINT).unlink()
    announce(partial / MANIFEST)
    publish(partial, folder)


@contextmanager
def written_folder(out: Path, step: str, settings: Mapping[str, Any], inputs: Mapping[str, str]) -> Iterator[Path]:
    """`artifact` for a folder outside of a run: it appears whole or not at all, and a failure leaves nothing behind."""
    out = out.resolve()
    try:
        with artifact(out, step, 1, settings, inputs) as partial:
            yield partial
    finally:
        discard_work(out)


def _outputs(partial: Path) -> dict[str, dict[str, Any]]:
    """SHA-256 and size of each file in a working folder but the fingerprint."""
    paths = [path for path in sorted(partial.rglob("*")) if path != partial / FINGERPRINT]
    for path in paths:
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise AuroraError(f"{path} is a link or a device, not a file that a step wrote: remove it and run again.")
    return {
        path.relative_to(partial).as_posix(): {"sha256": digest_of(path), "bytes": path.stat().st_size}
        for path in paths
        if path.is_file()
    }

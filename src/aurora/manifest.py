"""What a step read, did and wrote.

One decision: a step is finished exactly when its folder holds a `manifest.json` whose fingerprint equals the hash of
the
step's name, version, settings and input hashes. The folder appears by one rename, with the manifest already in it, so
"finished" needs no other mark. Until then the work lies in `FOLDER.partial`, which is kept over a crash as long as the
fingerprint stays the same, so that long steps can go on where they stopped.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from aurora import __version__
from aurora.errors import AuroraError
from aurora.files import canonical_json, publish, sha256, write_json

MANIFEST = "manifest.json"
FINGERPRINT = ".fingerprint"
LIBRARIES = ("torch", "numpy", "tokenizers", "pyarrow", "pycld2", "safetensors", "pydantic")


@dataclass(frozen=True)
class Manifest:
    """The record beside an artifact's files.

    `inputs` maps the name of each input to its SHA-256; `outputs` maps each file (path relative to the folder) to its
    SHA-256 and size in bytes; `seconds` is the wall time of the attempt that finished, `environment` where it ran.
    """

    schema: int
    step: str
    fingerprint: str
    settings: dict[str, Any]
    inputs: dict[str, str]
    outputs: dict[str, dict[str, Any]]
    seconds: float
    environment: dict[str, str]

    def digest(self, *patterns: str) -> str:
        """SHA-256 over the names and hashes of the outputs matching any glob of `patterns` (all without one)."""
        chosen = {
            name: output["sha256"]
            for name, output in self.outputs.items()
            if not patterns or any(Path(name).match(pattern) for pattern in patterns)
        }
        if not chosen:
            raise AuroraError(f"The manifest of step {self.step} lists no file matching {', '.join(patterns)}.")
        return hashlib.sha256(canonical_json(chosen)).hexdigest()


def fingerprint(step: str, step_version: int, settings: Mapping[str, Any], inputs: Mapping[str, str]) -> str:
    """The hash that says whether a finished step still stands. `version` rises when a step's code changes its
    output."""
    return hashlib.sha256(canonical_json([step, step_version, settings, inputs])).hexdigest()


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest in `folder`, or None where the step has not finished (absent, unreadable, or a file missing or
    cut)."""
    try:
        manifest = Manifest(**json.loads((folder / MANIFEST).read_text(encoding="utf-8")))
        sizes = {name: (folder / name).stat().st_size for name in manifest.outputs}
    except (OSError, ValueError, TypeError):
        return None
    if any(sizes[name] != output["bytes"] for name, output in manifest.outputs.items()):
        return None
    return manifest


def damaged_files(folder: Path, manifest: Manifest) -> list[str]:
    """The outputs whose content no longer has the recorded hash; reads every byte."""
    return [
        name
        for name, output in manifest.outputs.items()
        if not (folder / name).is_file() or sha256(folder / name) != output["sha256"]
    ]


@cache
def environment() -> dict[str, str]:
    """Machine, interpreter, versions of the libraries whose code can change a result, and Aurora's commit if known."""
    found = {"aurora": __version__, "python": platform.python_version(), "platform": platform.platform()}
    found |= {"cpu": _processor(), "cores": str(os.cpu_count() or 1)}
    for name in LIBRARIES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    if commit := _commit():
        found["commit"] = commit
    return found


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _commit() -> str | None:
    """The commit of the checkout this code runs from, marked where files differ from it; None outside a checkout."""
    git = ["git", "-C", str(Path(__file__).parent)]
    with suppress(OSError, subprocess.CalledProcessError):
        commit = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
        clean = subprocess.run([*git, "diff", "--quiet", "HEAD", "--", "."], check=False).returncode == 0
        return commit if clean else f"{commit} with changes"
    return None


def working_folder(folder: Path) -> Path:
    """Where the step that makes `folder` writes until it is finished."""
    return folder.with_name(f"{folder.name}.partial")


@contextmanager
def artifact(
    folder: Path,
    step: str,
    step_version: int,
    settings: Mapping[str, Any],
    inputs: Mapping[str, str],
    *,
    keep_edited: bool = False,
) -> Iterator[Path]:
    """Yield the working folder of a step; when the block ends well, hash it, add the manifest and publish it as
    `folder`.

    What an interrupted attempt left there is kept where its fingerprint is the same, or always with `keep_edited`.
    """
    mark = fingerprint(step, step_version, settings, inputs)
    partial = working_folder(folder)
    try:
        same = (partial / FINGERPRINT).read_text(encoding="utf-8") == mark
    except OSError:
        same = False
    if not same:
        if not keep_edited:
            shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True, exist_ok=True)
        (partial / FINGERPRINT).write_text(mark, encoding="utf-8")
    start = time.perf_counter()
    yield partial
    manifest = Manifest(
        schema=1,
        step=step,
        fingerprint=mark,
        settings=json.loads(canonical_json(settings)),
        inputs=dict(inputs),
        outputs={
            path.relative_to(partial).as_posix(): {"sha256": sha256(path), "bytes": path.stat().st_size}
            for path in sorted(partial.rglob("*"))
            if path.is_file() and path.name not in (MANIFEST, FINGERPRINT)
        },
        seconds=round(time.perf_counter() - start, 3),
        environment=environment(),
    )
    write_json(partial / MANIFEST, asdict(manifest))
    publish(partial, folder)

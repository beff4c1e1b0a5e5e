"""Published packages: pinned, fetched with pip's own downloader, checked, and read as archives.

One decision: a package is only ever unpacked in memory, never installed and never run. Only wheels are fetched, because
preparing a source archive would run its code, and pip is told the pin as a requirement with its hash: it opens no file
whose SHA-256 is another, and names and versions, which are checked, never become arguments of its own.
"""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from aurora.errors import AuroraError, UserError
from aurora.files import explained, open_regular, sha256
from aurora.progress import progress
from aurora.recipe.sources import WheelPin

DOWNLOADS_AT_ONCE = 4
STALE_SECONDS = 6 * 3600  # a download that began so long ago was killed
# An index that never ends its answer fills neither the disk nor the memory nor the day.
LARGEST_PACKAGE = 2_000_000_000  # bytes
MOST_MEMORY = 4_000_000_000  # bytes of addresses; pip needs a tenth
LONGEST_SECONDS = 3600
# Of a pinned wheel that was made to be unpacked: memory is that of one file. The largest of the sets has 10 MB.
LARGEST_MEMBER = 50_000_000  # bytes, unpacked
LARGEST_TABLE = 20_000_000  # bytes of an archive's table of files; the largest of the sets has 4 MB for 36,487
_END_OF_ARCHIVE = struct.Struct("<4s4H2LH")
# pip in a process that stays within these. `-P`: a folder `pip` where the command is given is not taken for pip.
_BOUNDED_PIP = f"""
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_FSIZE, ({LARGEST_PACKAGE}, {LARGEST_PACKAGE}))
if sys.platform == "linux":
    resource.setrlimit(resource.RLIMIT_AS, ({MOST_MEMORY}, {MOST_MEMORY}))
sys.argv[0] = "pip"
runpy.run_module("pip", run_name="__main__", alter_sys=True)
"""
# Pure wheels serve every interpreter; pip must not pass over one because it has not heard of ours.
_PIP = (
    sys.executable, "-P", "-c", _BOUNDED_PIP, "download", "--quiet", "--disable-pip-version-check", "--no-input",
    "--no-deps", "--only-binary", ":all:", "--require-hashes", "--ignore-requires-python", "--retries", "2",
    "--timeout", "30",
)  # fmt: skip
_OTHER_HASH = re.compile(r"\bGot\s+([0-9a-f]{64})\b")


@cache
def pinned_sets() -> dict[str, list[WheelPin]]:
    """The named sets of `data/wheels.yaml`."""
    import yaml

    text = (files("aurora.corpus.sources") / "data" / "wheels.yaml").read_text(encoding="utf-8")
    sets: dict[str, list[dict[str, Any]]] = yaml.safe_load(text)
    return {name: [WheelPin(**pin) for pin in pins] for name, pins in sets.items()}


def fetch(pins: Sequence[WheelPin], cache_folder: Path) -> list[Path]:
    """The wheels of `pins`, from the cache or the package index; each has the SHA-256 it is pinned to.

    Raises AuroraError where one cannot be had: no network, unknown to the index, or another file than the pinned one.
    """
    folder = cache_folder / "wheels"
    _remove_stale(folder)
    with (
        progress("fetch packages", len(pins), "package", scale=False) as bar,
        ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as pool,
    ):

        def one(pin: WheelPin) -> Path:
            path = _fetch(pin, folder / f"{pin.name}-{pin.version}-{pin.sha256[:16]}")
            bar.update(1)
            return path

        futures = [pool.submit(one, pin) for pin in pins]
        try:
            return [future.result() for future in futures]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)  # without a network, every further try only costs time
            raise


def open_wheel(path: Path, pin: WheelPin) -> zipfile.ZipFile:
    """The wheel as an archive; one that is none, although it is the pinned file, leaves the cache and is named."""
    try:
        _check_directory(path)
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        shutil.rmtree(path.parent, ignore_errors=True)
        raise AuroraError(
            f"The package {pin.name} {pin.version} cannot be unpacked ({error}); it was taken out of the cache: "
            "run the same command again, or pin another version."
        ) from error


def read_member(archive: zipfile.ZipFile, path: str) -> bytes:
    """A file of a wheel. Raises ValueError for one that is larger than any text, or packed as no wheel packs."""
    member = archive.getinfo(path)
    if member.file_size > LARGEST_MEMBER:
        raise ValueError(f"it has {member.file_size:,} bytes unpacked; at most {LARGEST_MEMBER:,} are read")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # others may ask for 4 GB of memory
        raise ValueError(f"it is packed by method {member.compress_type}, which wheels do not use")
    return archive.read(member)


def _check_directory(path: Path) -> None:
    """ValueError where the archive's table of files, which is read whole, would not fit in memory."""
    with open_regular(path) as stream:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - _END_OF_ARCHIVE.size - 0xFFFF))
        tail = stream.read()
    place = tail.rfind(b"PK\5\6")
    if place < 0 or len(tail) - place < _END_OF_ARCHIVE.size:
        raise zipfile.BadZipFile("it is no archive, or cut short")
    *_, table, _, _ = _END_OF_ARCHIVE.unpack_from(tail, place)
    if b"PK\6\7" in tail[max(0, place - 20) : place]:
        raise ValueError("it is an archive of the 64-bit kind, which no wheel of a permitted size needs")
    if table > LARGEST_TABLE:
        raise ValueError(f"its table of files has {table:,} bytes; at most {LARGEST_TABLE:,} are read")


def _fetch(pin: WheelPin, folder: Path) -> Path:
    """The pinned file below `folder`; what lies there damaged is fetched once more."""
    found = sorted(folder.glob("*.whl"))
    if found and sha256(found[0]) == pin.sha256:
        return found[0]
    shutil.rmtree(folder, ignore_errors=True)
    with explained(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=".fetch-", dir=folder.parent))
    try:
        path = _download(pin, partial)
        if (found_hash := sha256(path)) != pin.sha256:
            raise _not_the_pinned(pin, found_hash)
        with explained(folder):
            try:
                partial.rename(folder)
            except OSError:
                if not (folder / path.name).is_file():  # another run was quicker, with the very same file
                    raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder / path.name


def _download(pin: WheelPin, folder: Path) -> Path:
    if find_spec("pip") is None:
        raise UserError("Packages are fetched with pip, which this environment lacks: python -m ensurepip installs it.")
    requirements = folder / "requirements.txt"
    with explained(requirements):
        requirements.write_text(f"{pin.name}=={pin.version} --hash=sha256:{pin.sha256}\n", encoding="ascii")
    command = [*_PIP, "--dest", str(folder), "--requirement", str(requirements)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL, timeout=LONGEST_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise AuroraError(
            f"The package {pin.name} {pin.version} was not downloaded within {LONGEST_SECONDS:,} s: check the network "
            "and pip's settings, and run the same command again."
        ) from error
    requirements.unlink()
    if other := _OTHER_HASH.search(done.stderr):
        raise _not_the_pinned(pin, other[1])
    found = sorted(folder.glob("*.whl"))
    if done.returncode or not found:
        raise AuroraError(
            f"The package {pin.name} {pin.version} cannot be downloaded ({_reason(done)}): "
            "check the network, the disk and pip's settings, and run the same command again."
        )
    return found[0]


def _not_the_pinned(pin: WheelPin, found: str) -> AuroraError:
    return AuroraError(
        f"The package {pin.name} {pin.version} is not the pinned one: its SHA-256 is {found} instead of {pin.sha256}; "
        "the index gives another file than the one that was checked."
    )


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    """What pip says went wrong, in a line."""
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")] or lines
    if errors[-1:] == ["Exception:"]:  # before a trace, whose last line says what happened
        errors = lines
    return errors[-1][:300] if errors else f"pip ended with {done.returncode}"


def _remove_stale(folder: Path) -> None:
    for partial in folder.glob(".fetch-*"):
        if partial.stat().st_mtime < time.time() - STALE_SECONDS:
            shutil.rmtree(partial, ignore_errors=True)

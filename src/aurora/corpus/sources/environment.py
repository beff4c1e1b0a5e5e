"""Text of installed Python packages: docstrings as English prose, sources as code.

One decision: packages are read in the recipe's order and files in the order of their paths, so the same installed
versions always give the same text, and a limit always ends it at the same place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from aurora.corpus.document import Document, Quarantined, new_document
from aurora.corpus.sources.python_text import LARGEST, is_own, prose
from aurora.errors import UserError
from aurora.languages.labels import CODE, ENGLISH
from aurora.recipe.sources import EnvironmentSource

UNKNOWN = "unknown"
LONGEST_LICENSE_NAME = 40  # characters; longer values are the text of a licence
_SPDX = {
    "Apache Software License": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
    "MIT": "MIT",
    "ISC License (ISCL)": "ISC",
    "Python Software Foundation License": "PSF-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}


def identities(name: str, distributions: Sequence[str]) -> list[dict[str, str]]:
    """Name, version and licence of each distribution of source `name`."""
    installed = [(package, _distribution(name, package)) for package in distributions]
    return [{"name": package, "version": one.version, "license": license_of(one)} for package, one in installed]


def read_environment(name: str, source: EnvironmentSource) -> Iterator[Document | Quarantined]:
    """The source's text, package by package; `UserError` for one that is not installed, before any is read."""
    seen: set[str] = set()
    packages = [(package, _distribution(name, package)) for package in source.distributions]
    for package, installed in packages:
        license = license_of(installed)
        meta: dict[str, object] = {"distribution": package, "version": installed.version}
        for path, file in _modules(installed, LARGEST[source.take]):
            url = f"env:{package}=={installed.version}/{path}"
            language = source.language or (CODE if source.take == "sources" else ENGLISH)
            try:
                text = file.read_bytes().decode("utf-8-sig")
                text = text if source.take == "sources" else prose(text, seen)
            except (OSError, SyntaxError, ValueError, RecursionError) as error:
                yield Quarantined(name, url, f"{type(error).__name__}: {error}", lang=language)
                continue
            if text:
                yield new_document(text, language, name, license, url, meta)


def license_of(installed: Distribution) -> str:
    """The distribution's licence as an SPDX expression; `unknown` if it states none."""
    if expression := _field(installed, "License-Expression"):
        return expression
    for classifier in installed.metadata.get_all("Classifier") or []:
        if classifier.startswith("License :: "):
            return _SPDX.get(classifier.rpartition(" :: ")[2], UNKNOWN)
    stated = _field(installed, "License")
    if not stated or len(stated) > LONGEST_LICENSE_NAME or "\n" in stated:
        return UNKNOWN
    return _SPDX.get(stated, stated)


def _field(installed: Distribution, name: str) -> str:
    """The first value of a metadata field; empty without one."""
    values = installed.metadata.get_all(name) or [""]
    return str(values[0])


def _modules(installed: Distribution, largest: int) -> Iterator[tuple[str, Path]]:
    """(path, file) of the distribution's own Python files of 1 to `largest` bytes, sorted."""
    paths = {path.as_posix(): path for path in installed.files or [] if is_own(path) and ".." not in path.parts}
    for name, path in sorted(paths.items()):
        file = Path(str(installed.locate_file(path)))
        if file.is_file() and 0 < file.stat().st_size <= largest:
            yield name, file


def _distribution(name: str, package: str) -> Distribution:
    try:
        return distribution(package)
    except PackageNotFoundError as error:
        raise UserError(
            f"corpus.sources.{name}.distributions: {package} is not installed here: pip install {package}, "
            "or remove it from the list."
        ) from error

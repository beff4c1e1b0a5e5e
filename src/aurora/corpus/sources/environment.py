"""Text of the packages installed beside Aurora: docstrings as English prose, sources as code.

One decision: packages are read in the order the recipe states and files in the order of their paths, so the same
installed versions always give the same text, and a limit always cuts at the same place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from aurora.corpus.document import CODE, Document, Quarantined, new_document
from aurora.corpus.sources.python_text import LARGEST_SOURCE, prose
from aurora.errors import UserError
from aurora.recipe.corpus import EnvironmentSource

ENGLISH = "en"
_SPDX = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
    "ISC License (ISCL)": "ISC",
    "Python Software Foundation License": "PSF-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}


def identities(names: Sequence[str]) -> list[dict[str, str]]:
    """Name, version and licence of each distribution."""
    return [
        {"name": name, "version": found.version, "license": license_of(found)}
        for name in names
        for found in (_distribution(name),)
    ]


def read_environment(name: str, source: EnvironmentSource) -> Iterator[Document | Quarantined]:
    """The source's text, package by package."""
    seen: set[str] = set()
    for package in source.distributions:
        found = _distribution(package)
        for path, text in _modules(found):
            url = f"env:{package}=={found.version}/{path}"
            if source.take == "sources":
                yield new_document(text, source.language or CODE, name, license_of(found), url)
                continue
            try:
                english = prose(text, seen)
            except (SyntaxError, ValueError, RecursionError) as error:
                yield Quarantined(name, url, f"{type(error).__name__}: {error}", lang=ENGLISH)
                continue
            if english:
                yield new_document(english, source.language or ENGLISH, name, license_of(found), url)


def license_of(found: Distribution) -> str:
    """The distribution's licence as an SPDX expression; `unknown` where it does not say."""
    metadata = found.metadata
    if expression := _field(found, "License-Expression"):
        return expression
    for classifier in metadata.get_all("Classifier") or []:
        if classifier.startswith("License :: "):
            return _SPDX.get(classifier.rpartition(" :: ")[2], "unknown")
    stated = _field(found, "License")
    return stated if stated and len(stated) < 40 and "\n" not in stated else "unknown"


def _field(found: Distribution, name: str) -> str:
    """The first value of a metadata field; empty without one."""
    values = found.metadata.get_all(name) or [""]
    return str(values[0])


def _modules(found: Distribution) -> Iterator[tuple[str, str]]:
    """(path, text) of a distribution's Python files; byte-compiled, empty and very large ones left out."""
    paths = sorted(
        str(path) for path in found.files or [] if str(path).endswith(".py") and not str(path).startswith("..")
    )
    for path in paths:
        file = Path(str(found.locate_file(path)))
        if file.is_file() and 0 < file.stat().st_size <= LARGEST_SOURCE:
            yield path, file.read_text(encoding="utf-8", errors="replace")


def _distribution(name: str) -> Distribution:
    try:
        return distribution(name)
    except PackageNotFoundError as error:
        raise UserError(
            f"corpus.sources: the distribution {name} is not installed here: pip install {name} first."
        ) from error

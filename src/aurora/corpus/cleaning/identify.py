"""Language identification.

One decision: a declared language is trusted. Identification only rejects documents that certainly contradict it, and
labels those that declare none. An identifier cannot contradict a language that it does not know, nor one declared of a
few words. A glance at three pieces of a document suffices if it shows the declared language; only the others are read
at length. Code is never identified: identifiers of natural languages mean nothing on it.
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

# Bytes of a document that are read, and the number of pieces they are taken in, at equal distances. A glance is two to
# three times as fast as CLD2 on all of a text and agrees with it on all but 14 of 3,908 documents in Hindi and on all
# in four other languages (benchmarks/results.md, "Normalisation and languages").
GLANCE, GLANCE_PIECES = 720, 3
LOOK, LOOK_PIECES = 16_000, 8
# Percent of a glance that settles it: in the declared language, or, if none is declared, in any one.
SHOWN_PERCENT, CLEAR_PERCENT = 20, 95
CONTRADICTION_PERCENT = 80  # of the text in one other language
# Bytes from which a text can contradict its language. Of the beginnings of 25,000 paragraphs in en, fi, hi, ja and vi
# CLD2 contradicted 0 to 7.5 % wrongly at 20 to 30 bytes (hi most: they begin with names in Latin letters), and less
# than 0.02 % from 100 on.
SHORTEST = 100
UNKNOWN = "unknown"  # the loss of a text that declares no language and shows none


@dataclass(frozen=True)
class Identified:
    """The most likely languages, best first, as (BCP 47 tag, percent of the text), and whether the identifier is
    sure."""

    languages: tuple[tuple[str, int], ...]
    reliable: bool

    @property
    def best(self) -> str:
        """The most likely language; `und` without one."""
        return self.languages[0][0] if self.languages else UNDETERMINED

    def percent(self, language: str) -> int:
        """The percent of the text in a language, whatever its script or region."""
        wanted = family(language)
        return sum(percent for code, percent in self.languages if family(code) == wanted)


class Known:
    """The languages of an identifier's labels, each in its usual script or in the one that the label names."""

    def __init__(self, labels: Iterable[str]) -> None:
        tags = [tag for tag in map(canonical, labels) if tag is not None]
        self._tags = frozenset(family(tag) if in_usual_script(tag) else tag for tag in tags)

    def __contains__(self, tag: str) -> bool:
        return (family(tag) if in_usual_script(tag) else tag) in self._tags


class Identifier(Protocol):
    """Anything that identifies the language of a text, given as UTF-8."""

    def identify(self, text: bytes) -> Identified: ...

    def knows(self, language: str) -> bool:
        """Whether it can identify a language."""


class Cld2:
    """Compact Language Detector 2: 98.2 % right on short sentences in en, fi, hi, ja and vi, at 28 to 43 MB/s."""

    def __init__(self) -> None:
        import pycld2

        self._detect = partial(pycld2.detect, isPlainText=True, bestEffort=False)
        self._refusal = pycld2.error
        detected = set(pycld2.DETECTED_LANGUAGES)
        self._known = Known(code for name, code in pycld2.LANGUAGES if name in detected)

    def knows(self, language: str) -> bool:
        """Whether it can identify a language."""
        return language in self._known

    def identify(self, text: bytes) -> Identified:
        """Identify all of `text`."""
        try:
            reliable, _, details = self._detect(text)
        except self._refusal:  # CLD2 rejects control characters and some valid UTF-8; being unsure keeps the document
            try:
                reliable, _, details = self._detect(_printable(text))
            except self._refusal:
                return Identified((), False)
        tags = [(canonical(code), percent) for _, code, percent, _ in details if code != "un" and percent > 0]
        return Identified(tuple((tag, percent) for tag, percent in tags if tag is not None), bool(reliable))


@dataclass(frozen=True)
class Languages:
    """The result of identification by document: its language; (rule, value) if it is lost, or None; and the percent of
    the text examined that is in its language, -1 if none was."""

    langs: list[str]
    losses: list[tuple[str, str] | None]
    percents: npt.NDArray[np.int32]


def identify_batch(
    texts: pa.LargeStringArray, declared: Sequence[str], first: Identifier, second: Identifier | None = None
) -> Languages:
    """Identify the documents that are not code.

    A document that declares its language is lost if the first identifier that knows the language contradicts it and the
    other one, if it knows it, denies it too. One that declares none (`und`) gets the language that `first` finds, or
    `second` if `first` is not sure.
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
            identified, sample = _glance_or_look(text, lang, able[0])
            other = contradicts(identified, lang) if len(text) >= SHORTEST else None
            if other and all(denies(identifier.identify(sample), lang) for identifier in able[1:]):
                losses[row] = ("contradicts", other)
        else:
            identified, sample = _glance_or_look(text, lang, first)
            if second is not None and not identified.reliable:
                second_opinion = second.identify(sample)
                identified = second_opinion if second_opinion.reliable else identified
            langs[row] = identified.best
            losses[row] = None if identified.languages else (UNKNOWN, "")
        percents[row] = identified.percent(langs[row])
    return Languages(langs, losses, percents)


def contradicts(identified: Identified, declared: str) -> str | None:
    """The language that nearly all of a text is certainly in, if that is not the declared one; else None."""
    nearly_all = denies(identified, declared) and identified.languages[0][1] >= CONTRADICTION_PERCENT
    return identified.best if nearly_all else None


def denies(identified: Identified, declared: str) -> bool:
    """Whether the identifier is sure and found none of the declared language."""
    seen = {family(code) for code, _ in identified.languages}
    return identified.reliable and bool(seen) and family(declared) not in seen


def _glance_or_look(text: memoryview, lang: str, identifier: Identifier) -> tuple[Identified, bytes]:
    """The languages identified from as little of a text as suffices, and the bytes they were identified from."""
    sample = pieces(text, GLANCE, GLANCE_PIECES)
    identified = identifier.identify(sample)
    if len(text) > GLANCE:
        if lang == UNDETERMINED:
            enough = identified.reliable and identified.languages and identified.languages[0][1] >= CLEAR_PERCENT
        else:
            enough = identified.reliable and identified.percent(lang) >= SHOWN_PERCENT
        if not enough:
            sample = pieces(text, LOOK, LOOK_PIECES)
            identified = identifier.identify(sample)
    return identified, sample


def pieces(text: memoryview, size: int, number: int) -> bytes:
    """All of a text of up to `size` bytes of UTF-8, or `size` bytes of it in pieces at equal distances, one a line."""
    if len(text) <= size:
        return bytes(text)
    length = size // number
    cut = []
    for piece in range(number):
        start = (len(text) - length) * piece // (number - 1)
        cut.append(bytes(text[_boundary(text, start) : _boundary(text, start + length)]))
    return b"\n".join(cut)


def _boundary(text: memoryview, at: int) -> int:
    """The first byte of the character that the byte `at` belongs to."""
    while at < len(text) and text[at] & 0xC0 == 0x80:
        at -= 1
    return at


def _printable(text: bytes) -> bytes:
    lines = text.decode(errors="ignore").split("\n")
    return "\n".join("".join(filter(str.isprintable, line)) for line in lines).encode()

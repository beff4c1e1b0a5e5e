"""The patterns of `data/personal_data.yaml`, compiled: what a type of personal data looks like in a language.

One decision: a pattern sees text whose digits, hyphens and spaces are ASCII, folded one character for one, so that one
pattern serves Devanagari and full-width digits and a place in the folded text is the place in the text.
"""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import regex

from aurora.corpus.check_digits import CHECKS

_LEFT = r"(?<![0-9A-Za-z_])(?<![0-9][-./])"
_RIGHT = r"(?![0-9A-Za-z_]|[-./][0-9])"
_CUE_REACH = 48  # characters before a value in which a word may say what it is
_NO_DIGIT = 0x20000  # code points from here on are no decimal digits
_LEAST_ENTROPY = 3.5  # bits a character; names of variables and file paths lie below
_MADE_UP = regex.compile(
    r"(?i)example|sample|dummy|placeholder|changeme|your[_-]?|x{4}|test|foo|bar|fake|12345678|abcdef"
)


@dataclass(frozen=True)
class Kind:
    """A type of personal data: what is written in its place."""

    name: str
    placeholder: str
    fake: str
    head: str


@dataclass(frozen=True)
class Pattern:
    """One form of one type."""

    kind: Kind
    place: str
    expression: Any
    check: str
    cue: Any
    veto: Any
    fewest: int
    most: int

    def accepts(self, text: str, start: int, end: int) -> bool:
        """Whether what stands at [start, end) of the folded text is what it looks like."""
        value = text[start:end]
        number = value.partition("x")[0]  # an extension's digits do not count
        if self.most and not self.fewest <= sum(map(str.isdigit, number)) <= self.most:
            return False
        if self.cue is not None and not self.cue.search(_before(text, start)):
            return False
        if self.veto is not None and self.veto.search(text[max(0, start - 24) : start].lower()):
            return False
        if self.check == "entropy":
            return _is_random(value)
        if not self.check:
            return True
        kept = value if self.check in ("henkilotunnus", "public-address") else regex.sub(r"[^0-9A-Z]", "", value)
        return CHECKS[self.check](kept)


@cache
def kinds() -> tuple[Kind, ...]:
    """All types, in the file's order."""
    return tuple(
        Kind(name, entry["placeholder"], entry["fake"], entry.get("head", ""))
        for name, entry in _data()["types"].items()
    )


@cache
def patterns(lang: str, place: str) -> tuple[Pattern, ...]:
    """The patterns for a language and a kind of place, most telling first."""
    return tuple(
        _compiled(index)
        for index, entry in enumerate(_data()["patterns"])
        if entry["kind"] == place and lang in entry.get("langs", [lang]) and lang not in entry.get("but", [])
    )


def folded(text: str) -> str:
    """The text with ASCII digits, hyphens and spaces, character for character."""
    return text if text.isascii() else text.translate(_folding())


@cache
def _data() -> dict[str, Any]:
    import yaml

    text = (files("aurora.corpus") / "data" / "personal_data.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


@cache
def _compiled(index: int) -> Pattern:
    data = _data()
    entry = data["patterns"][index]
    kind = next(kind for kind in kinds() if kind.name == entry["type"])
    expression = regex.compile(entry["pattern"].replace("{left}", _LEFT).replace("{right}", _RIGHT), regex.V1)
    cue = regex.compile(r"(?<![a-z])(?:" + "|".join(data["cues"][entry["cue"]]) + ")") if "cue" in entry else None
    veto = regex.compile(data["vetoes"][entry["veto"]]) if "veto" in entry else None
    fewest, most = entry.get("digits", (0, 0))
    return Pattern(kind, entry["kind"], expression, entry.get("check", ""), cue, veto, fewest, most)


def _before(text: str, start: int) -> str:
    """The words before a value, back to the digit before them, in lower case."""
    words = text[max(0, start - _CUE_REACH) : start]
    digit = max((place for place, character in enumerate(words) if character.isdigit()), default=-1)
    return words[digit + 1 :].lower()


def _is_random(value: str) -> bool:
    """Whether a value of an assignment is a key and not a name: letters and digits, much entropy, nothing made up."""
    if _MADE_UP.search(value) or not (regex.search(r"\d", value) and regex.search(r"[A-Za-z]", value)):
        return False
    counts = Counter(value).values()
    return -sum(count / len(value) * math.log2(count / len(value)) for count in counts) >= _LEAST_ENTROPY


@cache
def _folding() -> dict[int, str]:
    table = {code: str(unicodedata.digit(chr(code))) for code in range(128, _NO_DIGIT) if chr(code).isdecimal()}
    table |= {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    return table | dict.fromkeys([*range(0x2010, 0x2016), 0x2212], "-") | dict.fromkeys([0xA0, 0x3000, 0x202F], " ")

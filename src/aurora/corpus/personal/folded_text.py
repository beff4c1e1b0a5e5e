"""Texts as patterns of personal data see them: digits, hyphens and spaces of ASCII, whatever the text has.

One decision: a character is folded to one character, so one pattern serves Devanagari and full-width digits, and a
place in the folded text is the place in the text.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import cache

import regex

_NO_DIGIT = 0x20000  # code points from here on are no decimal digits
# Typed for dashes between digits; elsewhere they are letters and lines.
_LONG_VOWEL = regex.compile(r"(?<=\d)[ー\uff70\u2500\u2501](?=\d)")
# Kinds of places in which dashes other than the hyphen are none: addresses of mail, and secrets.
_NARROWED = ("at", "tokens", "assigned")


def folder(kind: str) -> Callable[[str], str]:
    """How text is folded for the patterns of a kind of place."""
    return narrowed if kind in _NARROWED else folded


def folded(text: str) -> str:
    """The text with ASCII digits, hyphens and spaces, character for character."""
    if text.isascii():
        return text
    dashed: str = _LONG_VOWEL.sub("-", text.translate(_folding()))
    return dashed


def narrowed(text: str) -> str:
    """The text with full-width forms and digits as ASCII, character for character."""
    return text if text.isascii() else text.translate(_narrowing())


@cache
def _narrowing() -> dict[int, str]:
    table = {code: str(unicodedata.digit(chr(code))) for code in range(128, _NO_DIGIT) if chr(code).isdecimal()}
    return table | {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}  # full-width forms of ASCII


@cache
def _folding() -> dict[int, str]:
    dashes = [*range(0x2010, 0x2016), 0x2212, 0xFE63]
    spaces = [0xA0, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000]
    return _narrowing() | dict.fromkeys(dashes, "-") | dict.fromkeys(spaces, " ")

"""What each character is: a table of flags for every code point, in which the kernels look everything up.

One decision: Unicode is asked once, when the table is built; no rule has ranges of its own. Each language has its own
copy of the table, because its script and its sentence-ending marks are flags like the others.
"""

from __future__ import annotations

import sys
import unicodedata
from functools import cache

import numpy as np
import numpy.typing as npt

SPACE = 1  # str.isspace
LETTER = 2  # categories L and M: a mark belongs to its letter
NUMBER = 4
SYMBOL = 8  # category S
ALPHABETIC = 16  # str.isalpha
SINGLE = 32  # a token of its own: Han and kana, which are written without spaces
LINE_END = 64  # str.splitlines
ENDING = 128  # ends a sentence
TOKEN = 256  # part of a token: letters, marks, numbers, joiners, the underscore
ALPHANUMERIC = 512  # str.isalnum, and the underscore
SCRIPT = 1024  # a letter of the language's script
CLOSING = 2048  # a quotation mark or bracket that may follow a sentence's end
INNER = 4096  # part of a token only between two of its letters or two of its digits: don't, 3.14, e.g
WIDE_ENDING = 8192  # ends a sentence with no space after it

_LINE_ENDS = "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
_JOINERS = "\u200c\u200d"
# Code points beyond these are private or unassigned.
_ASSIGNED = (*range(0x33480), *range(0xE0000, 0xE01F0))
# Han and kana: letters that stand for a word or a syllable, and that no space parts.
SINGLE_NAMES = ("CJK UNIFIED", "CJK COMPATIBILITY IDEOGRAPH", "HIRAGANA", "KATAKANA", "HALFWIDTH KATAKANA")

Flags = npt.NDArray[np.uint16]


@cache
def flags(script: tuple[str, ...], ending: str, closing: str) -> Flags:
    """uint16 [code points]: the flags of each character for a language.

    The Unicode names of its letters begin with one of `script` (any letter if it is empty); its sentences end with one
    of `ending`, which one of `closing` may follow.
    """
    table = _base().copy()
    for character in ending:
        wide = unicodedata.east_asian_width(character) in "WF" or not character.isascii()
        table[ord(character)] |= ENDING | (WIDE_ENDING if wide else 0)
    for character in closing:
        table[ord(character)] |= CLOSING
    parts = (*script, "COMBINING") if script else ("",)
    points = [point for point, name in _letter_names() if name.startswith(parts)]
    table[points] |= SCRIPT
    return table


@cache
def _letter_names() -> list[tuple[int, str]]:
    """The letters and marks by code point, with their names."""
    return [(point, unicodedata.name(chr(point), "")) for point in np.flatnonzero(_base() & LETTER).tolist()]


@cache
def _base() -> Flags:
    table = np.zeros(sys.maxunicode + 1, np.uint16)
    for point in _ASSIGNED:
        character = chr(point)
        kind = unicodedata.category(character)[0]
        of_point = 0
        if kind in "LM":
            of_point |= LETTER | TOKEN
            if character.isalpha():
                of_point |= ALPHABETIC
            if kind == "L" and unicodedata.name(character, "").startswith(SINGLE_NAMES):
                of_point = (of_point | SINGLE) & ~TOKEN
        elif kind == "N":
            of_point |= NUMBER | TOKEN
        elif kind == "S":
            of_point |= SYMBOL
        if character.isspace():
            of_point |= SPACE
        if character.isalnum() or character == "_":
            of_point |= ALPHANUMERIC
        table[point] = of_point
    for character in _LINE_ENDS:
        table[ord(character)] |= LINE_END
    table[[ord(character) for character in _JOINERS + "_"]] |= TOKEN
    table[[ord(character) for character in "'.,\u2019"]] |= INNER
    return table

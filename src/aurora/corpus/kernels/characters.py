"""What each character is: one number of flags a code point, in a table that the kernels look everything up in.

One decision: Unicode is asked once, when the table is built; no rule holds ranges of its own. A language has its own
copy, for its script and its marks of a sentence's end are flags like the others.
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
SINGLE = 32  # a token of its own: Han and kana, which no space parts
LINE_END = 64  # str.splitlines
ENDING = 128  # ends a sentence
TOKEN = 256  # stands in a token among others: letters, marks, numbers, joiners, the underscore
ALPHANUMERIC = 512  # str.isalnum, and the underscore
SCRIPT = 1024  # a letter of the language's script
CLOSING = 2048  # a quotation mark or bracket that may follow a sentence's end
INNER = 4096  # belongs to the token when it stands between two letters or two digits of it: don't, 3.14, e.g
WIDE_ENDING = 8192  # ends a sentence with no space after it

_LINE_ENDS = "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
_JOINERS = "\u200c\u200d"
# Beyond these lie private and unassigned characters.
_ASSIGNED = (*range(0x33480), *range(0xE0000, 0xE01F0))
# Han and kana: letters that stand for a word or a syllable, and that no space parts.
SINGLE_NAMES = ("CJK UNIFIED", "CJK COMPATIBILITY IDEOGRAPH", "HIRAGANA", "KATAKANA", "HALFWIDTH KATAKANA")

Flags = npt.NDArray[np.uint16]


@cache
def flags(script: tuple[str, ...], ending: str, closing: str) -> Flags:
    """uint16 [code points]: the flags of each character for a language, whose letters have Unicode names that begin
    with one of `script` (any without one), and whose sentences end with `ending`, then `closing`."""
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
        found = 0
        if kind in "LM":
            found |= LETTER | TOKEN
            if character.isalpha():
                found |= ALPHABETIC
            if kind == "L" and unicodedata.name(character, "").startswith(SINGLE_NAMES):
                found = (found | SINGLE) & ~TOKEN
        elif kind == "N":
            found |= NUMBER | TOKEN
        elif kind == "S":
            found |= SYMBOL
        if character.isspace():
            found |= SPACE
        if character.isalnum() or character == "_":
            found |= ALPHANUMERIC
        table[point] = found
    for character in _LINE_ENDS:
        table[ord(character)] |= LINE_END
    table[[ord(character) for character in _JOINERS + "_"]] |= TOKEN
    table[[ord(character) for character in "'.,\u2019"]] |= INNER
    return table

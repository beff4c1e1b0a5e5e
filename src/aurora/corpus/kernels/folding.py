"""Folded tokens, by which benchmark items and word lists are compared: letters, marks and digits alone.

One decision: each character is folded by itself (NFKD, case folding, NFKD again), so one table serves every script and
no text is rewritten. A run of letters, marks and digits is a token; each Han or kana character with its marks is one
too, so that a number of consecutive tokens says about as much in every script.
"""

from __future__ import annotations

import sys
import unicodedata
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from aurora.corpus.kernels.characters import SINGLE_NAMES
from aurora.corpus.kernels.compiled import compiled
from aurora.corpus.kernels.outline import decode

# What a character does to a token. VANISHING ones are skipped without ending it: apostrophes and invisible characters.
PARTING, WORD, SINGLE, MARK, VANISHING = range(5)
# An entry of the table: 21 bits of code point or index, 3 bits of kind from bit 24, and the flag _SEVERAL.
_KIND_SHIFT = 24
_SEVERAL = 1 << 27
_POINT = (1 << 21) - 1
# Odd, so that multiplying loses no bit of a hash; its halves are mixed at the end by _SHIFT.
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_SEED = np.uint64(0x2545F4914F6CDD1D)
_SHIFT = np.uint64(32)
# Code points beyond these are private or unassigned.
_ASSIGNED = (*range(0x33480), *range(0xE0000, 0xE01F0))
# Invisible by themselves in every script: joiners, soft hyphens, directions, selectors, fillers (Unicode's
# Default_Ignorable_Code_Point).
IGNORABLE = (0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), *range(0x200B, 0x2010),
             *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0x3164, *range(0xFE00, 0xFE10), 0xFEFF, 0xFFA0,
             *range(0xFFF0, 0xFFF9), *range(0x1BCA0, 0x1BCA4), *range(0x1D173, 0x1D17B),
             *range(0xE0000, 0xE1000))  # fmt: skip
_APOSTROPHES = "'\u2019\u02bc"


class Folding(NamedTuple):
    """How each character folds.

    `table` [code points] has the kind from bit 24 and, below, the folded code point; or, with the flag _SEVERAL, an
    index into `longer`, which has their number there, followed by the code points.
    """

    table: npt.NDArray[np.uint32]
    longer: npt.NDArray[np.uint32]


@cache
def folding() -> Folding:
    """The tables for all of Unicode as Python knows it."""
    table = np.zeros(sys.maxunicode + 1, np.uint32)
    longer: list[int] = []
    for point in _ASSIGNED:
        folded = fold(chr(point))
        kind = _kind(folded)
        if len(folded) == 1:
            table[point] = kind << _KIND_SHIFT | ord(folded)
        elif kind != PARTING:
            table[point] = kind << _KIND_SHIFT | _SEVERAL | len(longer)
            longer += [len(folded), *map(ord, folded)]
    for point in (*map(ord, _APOSTROPHES), *IGNORABLE):
        table[point] = VANISHING << _KIND_SHIFT
    return Folding(table, np.array(longer, np.uint32))


def fold(text: str) -> str:
    """The folded form of a character."""
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())


def _kind(folded: str) -> int:
    """The kind of a folded character: that of its first letter, mark or digit."""
    for character in folded:
        category = unicodedata.category(character)[0]
        if category == "M":
            return MARK
        if category in "LN":
            return SINGLE if unicodedata.name(character, "").startswith(SINGLE_NAMES) else WORD
    return PARTING


@compiled
def token_hashes(text, folding, hashes, widths):  # type: ignore[no-untyped-def]
    """Write the hash and the width of each token of a UTF-8 text; returns the number of tokens.

    `hashes` uint64 and `widths` int32 have room for a token a byte. A letter or digit counts 1, Han and kana 2.
    """
    count = 0
    open_kind = PARTING
    hashed = _SEED
    width = 0
    at = 0
    size = len(text)
    while at < size:
        point = np.int64(text[at])
        if point < 0x80:
            at += 1
        else:
            point, step = decode(text, at)
            at += step
        entry = folding.table[point]
        kind = entry >> np.uint32(_KIND_SHIFT) & np.uint32(7)
        if kind == VANISHING:
            continue
        if open_kind != PARTING and (kind in (PARTING, SINGLE) or (kind == WORD and open_kind == SINGLE)):
            hashes[count] = hashed ^ hashed >> _SHIFT
            widths[count] = width
            count += 1
            open_kind = PARTING
        if kind == PARTING:
            continue
        if open_kind == PARTING:
            open_kind = WORD if kind == MARK else kind
            hashed = _SEED
            width = 0
        folded = np.int64(entry & np.uint32(_POINT))
        if entry & np.uint32(_SEVERAL):
            for index in range(folded + 1, folded + 1 + np.int64(folding.longer[folded])):
                hashed = (hashed ^ np.uint64(folding.longer[index])) * _FACTOR
        else:
            hashed = (hashed ^ np.uint64(folded)) * _FACTOR
        if kind != MARK:
            width += 2 if kind == SINGLE else 1
    if open_kind != PARTING:
        hashes[count] = hashed ^ hashed >> _SHIFT
        widths[count] = width
        count += 1
    return count

"""Shingles: the runs of five tokens of a text as hashes, which texts that say nearly the same share.

One decision: a token is what carries about as much in every script: a word where words are spaced, a character where
they are not (Han, kana, Thai, Lao, Khmer, Burmese). Case, punctuation and spacing tell nothing, so no edit of them
makes a text a new one.
"""

from __future__ import annotations

import sys
import unicodedata
from functools import cache

import numpy as np
import numpy.typing as npt

from aurora.corpus.compiled import compiled, inlined

# Tokens of a shingle; a text of fewer is one shingle.
WIDTH = 5
# What a character does: it parts tokens, belongs to one, or is one.
PARTS, JOINS, ALONE = 0, 1, 2
_UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Burmese
    (0x1780, 0x17FF),  # Khmer
    (0x3005, 0x3007),
    (0x3040, 0x30FF),  # kana
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),  # Han
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0xFF66, 0xFF9F),  # half-width kana
    (0x20000, 0x323AF),
)
_LAST = 0x32400  # code points from here on part tokens
_FNV, _STEP, _SEED = np.uint64(0x100000001B3), np.uint64(0x9E3779B97F4A7C15), np.uint64(0xCBF29CE484222325)
_SHIFT = np.uint64(32)


@cache
def tables() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint32]]:
    """What each code point does, uint8 [code points], and what it is folded to, uint32 [code points]."""
    kinds = np.zeros(_LAST, np.uint8)
    folds = np.arange(_LAST, dtype=np.uint32)
    for code in range(min(_LAST, sys.maxunicode)):
        character = chr(code)
        if unicodedata.category(character)[0] in "LMN":
            kinds[code] = JOINS
            lower = character.lower()
            folds[code] = ord(lower) if len(lower) == 1 else code
    for first, last in _UNSPACED:
        span = kinds[first : last + 1]
        span[span == JOINS] = ALONE
    kinds[0xFE00:0xFE10] = PARTS  # variation selectors spell nothing
    return kinds, folds


@compiled
def shingle_hashes(data, start, end, kinds, folds, out):  # type: ignore[no-untyped-def]
    """Write the hash of each shingle of the text in bytes [start, end) of `data` (UTF-8) to `out`, uint32; returns how
    many there are. `out` holds as many as the text has bytes."""
    ring = np.zeros(WIDTH, np.uint64)
    away = np.uint64(1)  # what a token has been multiplied by when it leaves
    for _ in range(WIDTH):
        away *= _STEP
    tokens = count = 0
    rolling, token = np.uint64(0), _SEED
    inside = False
    at = start
    while True:
        if at < end:
            code, at = code_point(data, at, end)
            kind = kinds[code] if code < _LAST else PARTS
        else:
            code, kind = 0, PARTS
        if inside and kind != JOINS:
            rolling, count, tokens = _shift(ring, rolling, token, away, tokens, count, out)
            inside = False
        if kind == JOINS:
            if not inside:
                token, inside = _SEED, True
            token = (token ^ np.uint64(folds[code])) * _FNV
        elif kind == ALONE:
            alone = (_SEED ^ np.uint64(folds[code])) * _FNV
            rolling, count, tokens = _shift(ring, rolling, alone, away, tokens, count, out)
        elif at >= end:
            break
    if count == 0 and tokens:
        out[0] = _mixed(rolling)
        count = 1
    return count


@inlined
def _shift(ring, rolling, token, away, tokens, count, out):  # type: ignore[no-untyped-def]
    """Add a token to the rolling hash of the last WIDTH; a full one is a shingle."""
    place = tokens % WIDTH
    rolling = rolling * _STEP + token - ring[place] * away
    ring[place] = token
    tokens += 1
    if tokens >= WIDTH:
        out[count] = _mixed(rolling)
        count += 1
    return rolling, count, tokens


@inlined
def _mixed(value):  # type: ignore[no-untyped-def]
    """32 well mixed bits of 64."""
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xFF51AFD7ED558CCD)
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xC4CEB9FE1A85EC53)
    return np.uint32(value >> _SHIFT)


@inlined
def code_point(data, at, end):  # type: ignore[no-untyped-def]
    """The code point at a place, and the place after it; a cut or broken one reads as its first byte."""
    byte = np.uint32(data[at])
    if byte < 0x80 or byte < 0xC0:
        return byte, at + 1
    if byte < 0xE0 and at + 1 < end:
        return ((byte & 0x1F) << 6) | (np.uint32(data[at + 1]) & 0x3F), at + 2
    if byte < 0xF0 and at + 2 < end:
        low = ((np.uint32(data[at + 1]) & 0x3F) << 6) | (np.uint32(data[at + 2]) & 0x3F)
        return ((byte & 0x0F) << 12) | low, at + 3
    if at + 3 < end:
        high = ((byte & 0x07) << 18) | ((np.uint32(data[at + 1]) & 0x3F) << 12)
        low = ((np.uint32(data[at + 2]) & 0x3F) << 6) | (np.uint32(data[at + 3]) & 0x3F)
        return high | low, at + 4
    return byte, at + 1

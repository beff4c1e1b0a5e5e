"""Shingles: the hashes of all runs of five tokens of a text, most of which near duplicates share.

One decision: a token says about as much in every script: it is a word in scripts with spaces, and a character with its
marks in those without (Han, kana, Thai, Lao, Khmer, Burmese). Differences of spelling alone do not make a text new:
case, punctuation and spacing, full-width and half-width forms, ligatures and presentation forms, joiners and soft
hyphens, composed and decomposed letters, and the letter of a word that carries its mark (hoà is hòa).
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from aurora.corpus.kernels.compiled import compiled, inlined
from aurora.corpus.kernels.folding import IGNORABLE, fold

# Tokens of a shingle, as in datatrove's and most other deduplication; a text of fewer is one shingle.
WIDTH = 5
# What a character does: it separates tokens, is part of one, is one by itself, marks a letter, or is skipped.
PARTS, JOINS, ALONE, MARKS, VANISHES = range(5)
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
    (0x20000, 0x323AF),
)
_LAST = 0x32400  # code points from here on separate tokens, or are invisible tags
_TAGS, _TAGS_END = 0xE0000, 0xE1000
_KINDS = {"L": JOINS, "N": JOINS, "M": MARKS}  # by the category's first letter
_HANGUL = range(0xAC00, 0xD7A4)  # syllables, which decompose into letters by rule
_TATWEEL = 0x0640  # stretches an Arabic word
_SEVERAL = np.uint32(1 << 31)  # flag of a fold whose code points are in `longer`, after their number
# FNV's prime and offset basis, and 2^64 / the golden ratio, by which the rolling hash multiplies.
_FNV, _STEP, _SEED = np.uint64(0x100000001B3), np.uint64(0x9E3779B97F4A7C15), np.uint64(0xCBF29CE484222325)
_SHIFT = np.uint64(32)


class Tables(NamedTuple):
    """What each code point does, uint8, and what it is folded to, uint32 [code points]: a letter without a mark, or
    with `_SEVERAL` the index of its letters and marks in `longer`."""

    kinds: npt.NDArray[np.uint8]
    folds: npt.NDArray[np.uint32]
    longer: npt.NDArray[np.uint32]


@cache
def tables() -> Tables:
    """The tables, from the Unicode data of this Python."""
    plain = np.array([_KINDS.get(unicodedata.category(chr(code))[0], PARTS) for code in range(_LAST)], np.uint8)
    for first, last in _UNSPACED:
        span = plain[first : last + 1]
        span[span == JOINS] = ALONE
    kinds, folds = plain.copy(), np.arange(_LAST, dtype=np.uint32)
    longer: list[int] = []
    for code in range(_LAST):
        if not (
            unicodedata.decomposition(character := chr(code)) or code in _HANGUL or character != character.casefold()
        ):
            continue
        folded = [ord(letter) for letter in fold(character)]
        compared = [letter for letter in folded if plain[letter] != PARTS]
        kinds[code] = plain[compared[0]] if compared else PARTS
        if len(compared) == 1:
            folds[code] = compared[0]
        elif compared:
            folds[code] = _SEVERAL | len(longer)
            longer += [len(compared), *compared]
    kinds[[code for code in (*IGNORABLE, _TATWEEL) if code < _LAST]] = VANISHES
    return Tables(kinds, folds, np.array(longer, np.uint32))


@compiled
def shingle_hashes(data, start, end, kinds, folds, longer, out):  # type: ignore[no-untyped-def]
    """Write the hash of each shingle of the text in bytes [start, end) of `data` (UTF-8) to `out`, uint32; returns how
    many there are. `out` has room for one a byte."""
    ring = np.zeros(WIDTH, np.uint64)
    away = np.uint64(1)  # the factor that a token has accumulated when it leaves the rolling hash
    for _ in range(WIDTH):
        away *= _STEP
    tokens = count = 0
    rolling, letters, marks = np.uint64(0), _SEED, np.uint64(0)
    open_kind = PARTS
    at = start
    while True:
        if at < end:
            code, at = code_point(data, at, end)
            kind = kind_of(code, kinds)
            if kind == VANISHES:
                continue
        else:
            code, kind = np.uint32(0), PARTS
        if ends(open_kind, kind):
            rolling, count, tokens = _shift(ring, rolling, token_hash(letters, marks), away, tokens, count, out)
            open_kind = PARTS
        if kind != PARTS:
            if open_kind == PARTS:
                open_kind = opened_by(kind)
                letters, marks = _SEED, np.uint64(0)
            letters, marks = with_character(letters, marks, code, kind, kinds, folds, longer)
        elif at >= end:
            break
    if count == 0 and tokens:
        out[0] = _mixed(rolling)
        count = 1
    return count


@inlined
def kind_of(code, kinds):  # type: ignore[no-untyped-def]
    """What a code point does."""
    if code < _LAST:
        return np.int64(kinds[code])
    return VANISHES if code >= _TAGS and code < _TAGS_END else PARTS


@inlined
def ends(open_kind, kind):  # type: ignore[no-untyped-def]
    """Whether a character ends the open token: every one does except a mark, and a letter after a letter."""
    return open_kind != PARTS and kind != MARKS and not (kind == JOINS and open_kind == JOINS)


@inlined
def opened_by(kind):  # type: ignore[no-untyped-def]
    """The kind of the token that a character begins."""
    return JOINS if kind == MARKS else kind


@inlined
def with_character(letters, marks, code, kind, kinds, folds, longer):  # type: ignore[no-untyped-def]
    """A token's hashes with one more character: of its letters in order, and of its marks in any order."""
    folded = folds[code]
    if folded & _SEVERAL:
        index = np.int64(folded ^ _SEVERAL)
        for at in range(index + 1, index + 1 + np.int64(longer[index])):
            if kind_of(longer[at], kinds) == MARKS:
                marks += _marked(longer[at])
            else:
                letters = (letters ^ np.uint64(longer[at])) * _FNV
    elif kind == MARKS:
        marks += _marked(folded)
    else:
        letters = (letters ^ np.uint64(folded)) * _FNV
    return letters, marks


@inlined
def _marked(code):  # type: ignore[no-untyped-def]
    hashed = (np.uint64(code) + np.uint64(1)) * _STEP
    return (hashed ^ hashed >> _SHIFT) * _FNV


@inlined
def token_hash(letters, marks):  # type: ignore[no-untyped-def]
    """The hash of a token."""
    return (letters ^ marks) * _FNV


@inlined
def _shift(ring, rolling, token, away, tokens, count, out):  # type: ignore[no-untyped-def]
    """Add a token to the rolling hash of the last WIDTH tokens; a full one is a shingle."""
    slot = tokens % WIDTH
    rolling = rolling * _STEP + token - ring[slot] * away
    ring[slot] = token
    tokens += 1
    if tokens >= WIDTH:
        out[count] = _mixed(rolling)
        count += 1
    return rolling, count, tokens


@inlined
def _mixed(value):  # type: ignore[no-untyped-def]
    """32 well-mixed bits of 64, by the finalizer of MurmurHash3."""
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xFF51AFD7ED558CCD)
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xC4CEB9FE1A85EC53)
    return np.uint32(value >> _SHIFT)


@inlined
def code_point(data, at, end):  # type: ignore[no-untyped-def]
    """(code point at a position, position after it); a cut or broken character reads as its first byte."""
    byte = np.uint32(data[at])
    if byte < 0xC0:  # ASCII, or a byte from inside a broken character
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

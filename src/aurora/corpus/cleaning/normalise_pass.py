"""The compiled part of normalisation: which texts would change, and the simple changes themselves.

One decision: the pass follows Unicode's quick check (UAX 15), but also looks at what a mark follows, so that a script
with marks in every word (Devanagari) passes. Only a text whose letters may compose or reorder, or that has a stray
joiner, is left to Python; spaces, line ends and invisible characters are changed here.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from aurora.corpus.kernels.columns import read_only
from aurora.corpus.kernels.compiled import compiled, entry_point

# Verdicts: normalised already, changed by `rewrite`, left to Python.
SAME, PLAIN, HARD = 0, 1, 2
# Traits of a character; most texts have none of the _WATCHED ones.
_INVISIBLE, _LINE, _JOINER, _COMPOSED, _MARK = 1, 2, 4, 8, 16
_SPACE, _JOINING, _COMPOUND, _SECOND = 32, 64, 128, 256
_WATCHED = _INVISIBLE | _LINE | _JOINER | _COMPOSED | _MARK | _SECOND
_FARTHEST = 30  # marks on one letter, Unicode's stream-safe limit (UAX 15); with more, Python decides

# Kinds of first bytes.
_PLAIN_BYTE, _NEWLINE, _CONTROL, _PLAIN_THREE, _LEAD = 0, 1, 2, 3, 4
# Ranges with other characters than plain letters; between them are ideographs and Hangul syllables.
_SPARSE = ((0x80, 0x3400), (0xA000, 0xAC00), (0xD7A4, 0xD800), (0xF900, 0x1_4000), (0x1_6000, 0x1_7000),
           (0x1_B000, 0x2_0000), (0x2_F800, 0x2_FA20), (0xE_0000, 0xE_0200))  # fmt: skip


class Tables(NamedTuple):
    """What the pass looks up: kinds of bytes, of code points, their combining classes, and pairs that compose."""

    kinds: npt.NDArray[np.uint8]
    traits: npt.NDArray[np.uint16]
    classes: npt.NDArray[np.uint8]
    pairs: npt.NDArray[np.int64]


@lru_cache(maxsize=1)
def tables() -> Tables:
    """The tables, from the Unicode data of this Python."""
    traits, classes = np.zeros(0x11_0000, np.uint16), np.zeros(0x11_0000, np.uint8)
    pairs = [0]
    for start, end in _SPARSE:
        for code in range(start, end):
            character = chr(code)
            classes[code] = unicodedata.combining(character)
            parts = unicodedata.decomposition(character)
            if parts and parts[0] != "<":
                if unicodedata.normalize("NFC", character) != character:
                    traits[code] |= _COMPOSED
                else:
                    traits[code] |= _COMPOUND
                    first, second = (int(part, 16) for part in parts.split())
                    pairs.append(first << 21 | second)  # two code points, of 21 bits each, as one number
            if character.isspace():
                traits[code] |= _SPACE
    traits[classes > 0] |= _MARK
    traits[np.array(pairs[1:]) & 0x1F_FFFF] |= _SECOND
    traits[0x1161:0x1176] |= _SECOND  # Hangul's vowels and finals compose by rule, not by a table
    traits[0x11A8:0x11C3] |= _SECOND
    traits[0x1100:0x1113] |= _COMPOUND
    traits[0xAC00:0xD7A4] |= _COMPOUND
    traits[[0x09, 0x0A, 0x20]] |= _SPACE
    _mark_invisible(traits)
    return Tables(_byte_kinds(), traits, classes, np.unique(np.array(pairs, np.int64)))


def _mark_invisible(traits: npt.NDArray[np.uint16]) -> None:
    """Set the traits of what `normalise` removes, turns into a line feed, and keeps joiners between."""
    # Controls, soft hyphen, zero-width space, direction marks and overrides, word joiners, byte order mark.
    for start, end in ((0x00, 0x08), (0x0E, 0x1F), (0x7F, 0x9F), (0xAD, 0xAD), (0x200B, 0x200B), (0x200E, 0x200F),
                       (0x202A, 0x202E), (0x2060, 0x2064), (0xFEFF, 0xFEFF)):  # fmt: skip
        traits[start : end + 1] |= _INVISIBLE
    for code in (0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029):
        traits[code] = _LINE
    # Scripts whose letters joiners shape (Arabic, those of India, Khmer), and symbols and emoji that they combine.
    for start, end in ((0x0600, 0x06FF), (0x0750, 0x077F), (0x0900, 0x0DFF), (0x1780, 0x17FF), (0x2600, 0x27BF),
                       (0xFE0F, 0xFE0F), (0x1_F000, 0x1_FAFF)):  # fmt: skip
        traits[start : end + 1] |= _JOINING
    traits[0x200C:0x200E] |= _JOINER


def _byte_kinds() -> npt.NDArray[np.uint8]:
    table = np.zeros(256, np.uint8)
    table[0x00:0x20] = table[0x7F] = _CONTROL
    table[0x09] = _PLAIN_BYTE
    table[0x0A] = _NEWLINE
    table[0x80:] = _LEAD
    table[0xE4:0xEA] = table[0xEB:0xED] = _PLAIN_THREE  # U+4000 to U+9FFF and U+B000 to U+CFFF
    return table


def scan(
    offsets: npt.NDArray[np.int64], data: npt.NDArray[np.uint8], code: npt.NDArray[np.bool_]
) -> npt.NDArray[np.uint8]:
    """The verdict of each document, uint8 [documents]; `offsets` int64 [documents + 1] into the UTF-8 of `data`, `code`
    bool [documents] marks documents whose spacing and letters are kept."""
    verdicts = np.zeros(len(offsets) - 1, np.uint8)
    _scan(read_only(offsets), read_only(data), code, *tables(), verdicts)
    return verdicts


def rewrite(
    offsets: npt.NDArray[np.int64],
    data: npt.NDArray[np.uint8],
    code: npt.NDArray[np.bool_],
    verdicts: npt.NDArray[np.uint8],
    others: tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """(offsets, data) of the documents after the plain changes; `others` are the HARD ones, already normalised, in
    order."""
    lookup = tables()
    out_offsets = np.zeros(len(offsets), np.int64)
    out = np.empty(int(offsets[-1] - offsets[0]) + len(others[1]), np.uint8)
    given = read_only(offsets), read_only(data)
    size = _rewrite(*given, code, verdicts, *others, lookup.kinds, lookup.traits, out_offsets, out)
    return out_offsets, out[:size]


@entry_point
def _scan(offsets, data, code, kinds, traits, classes, pairs, verdicts):  # type: ignore[no-untyped-def]
    for document in range(len(offsets) - 1):
        begin, end = offsets[document], offsets[document + 1]
        if code[document]:
            verdicts[document] = _scan_code(data, kinds, begin, end)
        else:
            verdicts[document] = _scan_prose(data, kinds, traits, classes, pairs, begin, end)


@compiled
def _scan_code(data, kinds, begin, end):  # type: ignore[no-untyped-def]
    for at in range(begin, end):
        byte = data[at]
        if (kinds[byte] == _CONTROL and byte != 0x0C) or (byte == 0xE2 and _is_separator(data, at)):
            return PLAIN
    return SAME


@compiled
def _is_separator(data, at):  # type: ignore[no-untyped-def]
    """Whether a three-byte character is U+2028 or U+2029."""
    return data[at + 1] == 0x80 and (data[at + 2] == 0xA8 or data[at + 2] == 0xA9)


@compiled
def _scan_prose(data, kinds, traits, classes, pairs, begin, end):  # type: ignore[no-untyped-def]
    verdict = SAME
    at = begin
    while at < end:
        kind = kinds[data[at]]
        if kind == _PLAIN_BYTE:
            at += 1
        elif kind == _PLAIN_THREE:
            at += 3
        elif kind == _LEAD:
            point, width = _code_point(data, at)
            trait = traits[point]
            if trait & _WATCHED:
                if trait & _COMPOSED:
                    return HARD
                if trait & (_INVISIBLE | _LINE):
                    verdict = PLAIN
                elif trait & _JOINER:
                    if not _joins(data, traits, begin, at, end):
                        return HARD
                elif _may_change(data, traits, classes, pairs, begin, at, point):
                    return HARD
            at += width
        elif kind == _NEWLINE:
            if verdict == SAME and (_blank_before(data, begin, at) or _third(data, begin, at)):
                verdict = PLAIN
            at += 1
        else:
            verdict = PLAIN
            at += 1
    if verdict == SAME and end > begin:
        last = end - 1
        while data[last] & 0xC0 == 0x80:
            last -= 1
        if traits[_code_point(data, begin)[0]] & _SPACE or traits[_code_point(data, last)[0]] & _SPACE:
            return PLAIN
    return verdict


@compiled
def _code_point(data, at):  # type: ignore[no-untyped-def]
    """(code point at `at`, its number of bytes)."""
    byte = np.int64(data[at])
    if byte < 0x80:
        return byte, 1
    if byte < 0xE0:
        return (byte & 0x1F) << 6 | data[at + 1] & 0x3F, 2
    if byte < 0xF0:
        return (byte & 0x0F) << 12 | (data[at + 1] & 0x3F) << 6 | data[at + 2] & 0x3F, 3
    high = (byte & 0x07) << 18 | np.int64(data[at + 1] & 0x3F) << 12
    return high | np.int64(data[at + 2] & 0x3F) << 6 | data[at + 3] & 0x3F, 4


@compiled
def _before(data, traits, begin, at):  # type: ignore[no-untyped-def]
    """The position of the visible character before `at`; less than `begin` if there is none."""
    while at > begin:
        at -= 1
        if data[at] & 0xC0 != 0x80 and not traits[_code_point(data, at)[0]] & _INVISIBLE:
            return at
    return begin - 1


@compiled
def _joins(data, traits, begin, at, end):  # type: ignore[no-untyped-def]
    """Whether the joiner at `at` is alone between two characters that join."""
    previous = _before(data, traits, begin, at)
    if previous < begin or not traits[_code_point(data, previous)[0]] & _JOINING:
        return False
    at += 3
    while at < end:
        point, width = _code_point(data, at)
        if not traits[point] & _INVISIBLE:
            return traits[point] & _JOINING != 0
        at += width
    return False


@compiled
def _may_change(data, traits, classes, pairs, begin, at, point):  # type: ignore[no-untyped-def]
    """Whether a mark may compose with its letter, or swap with the mark before it."""
    own_class = classes[point]
    second = traits[point] & _SECOND != 0
    previous = at
    for step in range(_FARTHEST):
        previous = _before(data, traits, begin, previous)
        if previous < begin:
            return False
        before = _code_point(data, previous)[0]
        class_before = classes[before]
        if step == 0 and own_class and class_before > own_class:
            return True
        if not second:
            return False
        if class_before == 0:
            pair = before << 21 | point
            index = np.searchsorted(pairs, pair)
            return traits[before] & _COMPOUND != 0 or (index < len(pairs) and pairs[index] == pair)
    return True


@compiled
def _blank_before(data, begin, at):  # type: ignore[no-untyped-def]
    """Whether a space, tab, no-break or ideographic space comes right before `at`."""
    if at == begin:
        return False
    byte = data[at - 1]
    if byte == 0x20 or byte == 0x09:
        return True
    if byte == 0xA0:
        return at - 1 > begin and data[at - 2] == 0xC2
    return byte == 0x80 and at - 2 > begin and data[at - 2] == 0x80 and data[at - 3] == 0xE3


@compiled
def _third(data, begin, at):  # type: ignore[no-untyped-def]
    """Whether two line feeds come right before `at`."""
    return at - 1 > begin and data[at - 1] == 0x0A and data[at - 2] == 0x0A


@entry_point
def _rewrite(offsets, data, code, verdicts, hard_offsets, hard, kinds, traits, out_offsets, out):  # type: ignore[no-untyped-def]
    size = 0
    number = 0
    for document in range(len(offsets) - 1):
        begin, end = offsets[document], offsets[document + 1]
        if verdicts[document] == HARD:
            begin, end = hard_offsets[number], hard_offsets[number + 1]
            out[size : size + end - begin] = hard[begin:end]
            size += end - begin
            number += 1
        elif verdicts[document] == SAME:
            out[size : size + end - begin] = data[begin:end]
            size += end - begin
        elif code[document]:
            size = _rewrite_code(data, kinds, begin, end, out, size)
        else:
            size = _rewrite_prose(data, traits, begin, end, out, size)
        out_offsets[document + 1] = size
    return size


@compiled
def _rewrite_code(data, kinds, begin, end, out, size):  # type: ignore[no-untyped-def]
    at = begin
    while at < end:
        byte = data[at]
        if byte == 0xE2 and _is_separator(data, at):
            byte, width = np.uint8(0x0A), 3
        elif byte == 0x0D:
            byte, width = np.uint8(0x0A), 1 + (at + 1 < end and data[at + 1] == 0x0A)
        else:
            width = 1
        if kinds[byte] != _CONTROL or byte == 0x0C:
            out[size] = byte
            size += 1
        at += width
    return size


@compiled
def _rewrite_prose(data, traits, begin, end, out, size):  # type: ignore[no-untyped-def]
    """Write a document without invisible characters, spaces at line ends, and second blank lines; returns the size."""
    start = size
    at = begin
    while at < end:
        point, width = _code_point(data, at)
        trait = traits[point]
        if trait & _LINE or point == 0x0A:
            if point == 0x0D and at + 1 < end and data[at + 1] == 0x0A:
                width = 2
            size = _trimmed(out, start, size)
            if size > start and not _third(out, start, size):
                out[size] = 0x0A
                size += 1
        elif not trait & _INVISIBLE and (size > start or not trait & _SPACE):
            for step in range(width):
                out[size + step] = data[at + step]
            size += width
        at += width
    while size > start:
        last = size - 1
        while out[last] & 0xC0 == 0x80:
            last -= 1
        if not traits[_code_point(out, last)[0]] & _SPACE:
            break
        size = last
    return size


@compiled
def _trimmed(out, start, size):  # type: ignore[no-untyped-def]
    """The size without the spaces at the end."""
    while _blank_before(out, start, size):
        byte = out[size - 1]
        size -= 1 if byte == 0x20 or byte == 0x09 else (2 if byte == 0xA0 else 3)
    return size

"""A span of bytes: its visible part, its hash, and the phrases in it.

One decision: phrases are searched for only where a table says that their first two bytes occur, one look-up a byte;
ASCII capitals count as small letters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from aurora.corpus.kernels.characters import SPACE
from aurora.corpus.kernels.compiled import compiled
from aurora.corpus.kernels.outline import decode

# Kinds of phrases.
FILLER, SCRIPT, POLICY, GENERATED, LICENCE = 1, 2, 4, 8, 16
KINDS = {"filler": FILLER, "script": SCRIPT, "policy": POLICY, "generated": GENERATED, "licence": LICENCE}
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_SEED = np.uint64(0x2545F4914F6CDD1D)


class Language(NamedTuple):
    """What the kernels know of a language."""

    flags: npt.NDArray[np.uint16]  # [code points]
    stop_words: npt.NDArray[np.uint64]  # hashes of tokens
    phrases: npt.NDArray[np.uint8]  # UTF-8, one after the other, small letters
    ends: npt.NDArray[np.int64]  # where each phrase ends in `phrases`
    kinds: npt.NDArray[np.uint8]  # of each phrase
    begins: npt.NDArray[np.uint8]  # [65536]: the kinds of phrases that begin with two bytes
    spaces: bool  # whether words are separated by spaces
    code: bool


def language_of(
    flags: npt.NDArray[np.uint16],
    stop_words: npt.NDArray[np.uint64],
    phrases: Mapping[str, Sequence[str]],
    spaces: bool,
    code: bool,
) -> Language:
    """A language for the kernels; `phrases` of at least two bytes by kind, in small letters."""
    pairs = [(phrase.encode(), KINDS[kind]) for kind, of_kind in phrases.items() for phrase in of_kind]
    begins = np.zeros(1 << 16, np.uint8)
    for phrase, kind in pairs:
        begins[phrase[0] << 8 | phrase[1]] |= kind
    return Language(
        flags,
        stop_words,
        np.frombuffer(b"".join(phrase for phrase, _ in pairs), np.uint8),
        np.cumsum([len(phrase) for phrase, _ in pairs], dtype=np.int64),
        np.array([kind for _, kind in pairs], np.uint8),
        begins,
        spaces,
        code,
    )


@compiled
def strip(data, start, end, flags):  # type: ignore[no-untyped-def]
    """(first byte, byte after the last) of a span without the white space around it; equal if nothing is left."""
    while start < end:
        point, width = decode(data, start)
        if flags[point] & SPACE == 0:
            break
        start += width
    while end > start and flags[last(data, end)] & SPACE:
        end -= 1
        while data[end] & 0xC0 == 0x80:
            end -= 1
    return start, end


@compiled
def last(data, end):  # type: ignore[no-untyped-def]
    """The code point of the character that ends before a byte."""
    at = end - 1
    while data[at] & 0xC0 == 0x80:  # 10xxxxxx: in UTF-8, a byte inside a character
        at -= 1
    return decode(data, at)[0]


@compiled
def length(data, start, end):  # type: ignore[no-untyped-def]
    """Characters of a span."""
    characters = 0
    for at in range(start, end):
        characters += data[at] & 0xC0 != 0x80
    return characters


@compiled
def hash_bytes(data, start, end):  # type: ignore[no-untyped-def]
    """A hash of a span, eight bytes at a time."""
    hashed = _SEED ^ np.uint64(end - start)
    at = start
    while at + 8 <= end:
        word = np.uint64(0)
        for byte in range(8):
            word |= np.uint64(data[at + byte]) << np.uint64(8 * byte)
        hashed = (hashed ^ word) * _FACTOR
        hashed ^= hashed >> np.uint64(32)
        at += 8
    while at < end:
        hashed = (hashed ^ np.uint64(data[at])) * _FACTOR
        at += 1
    return hashed ^ hashed >> np.uint64(29)


@compiled
def starts(data, start, end, prefix):  # type: ignore[no-untyped-def]
    """Whether a span begins with `prefix`, which is ASCII."""
    if end - start < len(prefix):
        return False
    for index in range(len(prefix)):  # noqa: SIM110 (compiled)
        if data[start + index] != ord(prefix[index]):
            return False
    return True


@compiled
def find(data, start, end, language):  # type: ignore[no-untyped-def]
    """The kinds of phrases in a span."""
    kinds = 0
    before = 0
    for at in range(start, end):
        byte = _small(data[at])
        begun = language.begins[before << 8 | byte]
        if begun & ~kinds:
            kinds |= _match(data, at - 1, end, language)
        before = byte
    return kinds


@compiled
def _match(data, start, end, language):  # type: ignore[no-untyped-def]
    """The kinds of phrases that begin at `start`."""
    kinds = first = 0
    for phrase in range(len(language.ends)):
        after = language.ends[phrase]
        if start + after - first <= end:
            at = first
            while at < after and _small(data[start + at - first]) == language.phrases[at]:
                at += 1
            if at == after:
                kinds |= language.kinds[phrase]
        first = after
    return kinds


@compiled
def _small(byte):  # type: ignore[no-untyped-def]
    return np.int64(byte) + 32 if byte >= 0x41 and byte <= 0x5A else np.int64(byte)

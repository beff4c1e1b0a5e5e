"""Keeping the measuring text out of training: a corpus that holds a sentence of it is refused.

One decision: sentences are compared by their letters, marks and digits alone (NFKC, case folded), anywhere in a
document, so neither a prefix, a line break, spacing, case nor punctuation hides one.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pyarrow as pa

# Shorter sentences ("Thank you very much") are anybody's. A wide character (kana, Han, Hangul) says as much as two
# others and counts as two: 160 MB of unrelated text in six languages held no sentence of the demo's above 15.
SHORTEST_WIDTH = 20
# The shortest sentence that counts has ten characters, all wide.
GRAM = SHORTEST_WIDTH // 2
_SENTENCE_END = re.compile(r"(?<=[.!?।])\s+|(?<=[。！？])")
_BASE = np.uint64(0x9E3779B97F4A7C15)
# Places of the table that most grams of a text are dismissed by; 1 MB.
_TABLE_BITS = 20


@dataclass(frozen=True)
class Overlap:
    """A sentence of the index found in a text."""

    sentence: str


class SentenceIndex:
    """Sentences to look for. Building and looking up take time linear in the text."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._by_hash: dict[int, dict[str, str]] = {}
        for line in lines:
            for sentence in sentences_of(line):
                bare = bare_text(sentence)
                self._by_hash.setdefault(int(_gram_hashes(bare[:GRAM])[0]), {}).setdefault(bare, sentence)
        self._table = np.zeros(1 << _TABLE_BITS, np.bool_)
        self._table[_places(np.fromiter(self._by_hash, np.uint64))] = True

    def __len__(self) -> int:
        return sum(map(len, self._by_hash.values()))

    def find(self, text: str) -> Overlap | None:
        """The first sentence of the index that `text` holds, or None."""
        if not self._by_hash:
            return None
        bare = bare_text(text)
        if len(bare) < GRAM:
            return None
        hashes = _gram_hashes(bare)
        for place in np.flatnonzero(self._table[_places(hashes)]).tolist():
            for candidate, sentence in self._by_hash.get(int(hashes[place]), {}).items():
                if bare.startswith(candidate, place):
                    return Overlap(sentence)
        return None

    def find_batch(self, texts: pa.LargeStringArray) -> list[str | None]:
        """The first sentence of the index that each text holds, or None."""
        if not self._by_hash:
            return [None] * len(texts)
        return [found.sentence if (found := self.find(text)) else None for text in texts.to_pylist()]


def sentences_of(line: str) -> list[str]:
    """The sentences of a line that are long enough to tell; the whole line where only all of it is."""
    found = [sentence for sentence in _SENTENCE_END.split(line) if width(bare_text(sentence)) >= SHORTEST_WIDTH]
    return found or ([line] if width(bare_text(line)) >= SHORTEST_WIDTH else [])


def bare_text(text: str) -> str:
    """Letters, marks and digits of a text, NFKC, case folded."""
    codes = _codes(unicodedata.normalize("NFKC", text).casefold())
    return codes[_compared()[codes]].tobytes().decode("utf-32-le", "surrogatepass")


def width(bare: str) -> int:
    """Characters, wide ones counted twice (Unicode Standard Annex 11)."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in bare)


@cache
def _compared() -> npt.NDArray[np.bool_]:
    """Whether each code point counts: a letter, mark or digit, but for variation selectors, which spell nothing. Marks
    do, for Hindi writes its vowels with them."""
    kinds = [unicodedata.category(chr(code))[0] in "LMN" for code in range(sys.maxunicode + 1)]
    table = np.array(kinds, np.bool_)
    table[0xFE00:0xFE10] = table[0xE0100:0xE01F0] = False
    return table


def _codes(text: str) -> npt.NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")


def _places(hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The best mixed bits of a multiplicative hash are the high ones."""
    return hashes >> np.uint64(64 - _TABLE_BITS)


def _gram_hashes(bare: str) -> npt.NDArray[np.uint64]:
    """A 64-bit polynomial hash of each GRAM characters in a row."""
    codes = _codes(bare).astype(np.uint64)
    count = len(codes) - GRAM + 1
    hashes = np.zeros(count, np.uint64)
    with np.errstate(over="ignore"):
        for offset in range(GRAM):
            hashes = (hashes + codes[offset : offset + count]) * _BASE
    return hashes

"""Sentences of the measuring domain, so that a corpus containing one of them is refused.

One decision: sentences are compared by their letters, marks and digits alone (NFKC, case-folded) and anywhere in a
document, so a prefix, a line break, spacing, case or punctuation hides none.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pyarrow as pa

# Shorter sentences ("Thank you very much") occur by chance. A wide character (kana, Han, Hangul) says as much as two
# others and counts as two: 160 MB of unrelated text in six languages had no sentence of the demo's wider than 15.
SHORTEST_WIDTH = 20
# Sentences are looked up by their first GRAM characters; the shortest that counts has ten, all wide.
GRAM = SHORTEST_WIDTH // 2
_SENTENCE_END = re.compile(r"(?<=[.!?।])\s+|(?<=[。！？])")
_BASE = np.uint64(0x9E3779B97F4A7C15)  # odd, so that multiplying loses no bit
# 2^20 flags, 1 MB: a text's grams are first looked up here, which dismisses nearly all of them.
_TABLE_BITS = 20


class SentenceIndex:
    """The sentences to look for. Building and looking up take time linear in the text."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._by_hash: dict[int, dict[str, str]] = {}
        for line in lines:
            for sentence in sentences_of(line):
                bare = bare_text(sentence)
                self._by_hash.setdefault(int(_gram_hashes(bare[:GRAM])[0]), {}).setdefault(bare, sentence)
        self._table = np.zeros(1 << _TABLE_BITS, np.bool_)
        self._table[_slots(np.fromiter(self._by_hash, np.uint64))] = True

    def find(self, text: str) -> str | None:
        """The first sentence of the index that `text` contains, or None."""
        if not self._by_hash:
            return None
        bare = bare_text(text)
        if len(bare) < GRAM:
            return None
        hashes = _gram_hashes(bare)
        for position in np.flatnonzero(self._table[_slots(hashes)]).tolist():
            for candidate, sentence in self._by_hash.get(int(hashes[position]), {}).items():
                if bare.startswith(candidate, position):
                    return sentence
        return None

    def find_batch(self, texts: pa.LargeStringArray) -> list[str | None]:
        """The first sentence of the index that each text contains, or None."""
        if not self._by_hash:
            return [None] * len(texts)
        return [self.find(text) for text in texts.to_pylist()]


def sentences_of(line: str) -> list[str]:
    """The sentences of a line that are long enough to compare; the whole line if only all of it is."""
    sentences = [sentence for sentence in _SENTENCE_END.split(line) if width(bare_text(sentence)) >= SHORTEST_WIDTH]
    return sentences or ([line] if width(bare_text(line)) >= SHORTEST_WIDTH else [])


def bare_text(text: str) -> str:
    """The letters, marks and digits of a text after NFKC and case folding."""
    codes = _codes(unicodedata.normalize("NFKC", text).casefold())
    return codes[_compared()[codes]].tobytes().decode("utf-32-le", "surrogatepass")


def width(bare: str) -> int:
    """The number of characters, wide ones counted twice (Unicode Standard Annex 11)."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in bare)


@cache
def _compared() -> npt.NDArray[np.bool_]:
    """Whether each code point is compared: letters, digits and marks, with which Hindi writes its vowels, but not
    variation selectors, which spell nothing."""
    kinds = [unicodedata.category(chr(code))[0] in "LMN" for code in range(sys.maxunicode + 1)]
    table = np.array(kinds, np.bool_)
    table[0xFE00:0xFE10] = table[0xE0100:0xE01F0] = False
    return table


def _codes(text: str) -> npt.NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")


def _slots(hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The flag of each hash, by its high bits, which multiplication mixes best."""
    return hashes >> np.uint64(64 - _TABLE_BITS)


def _gram_hashes(bare: str) -> npt.NDArray[np.uint64]:
    """A 64-bit polynomial hash of every GRAM consecutive characters."""
    codes = _codes(bare).astype(np.uint64)
    count = len(codes) - GRAM + 1
    hashes = np.zeros(count, np.uint64)
    with np.errstate(over="ignore"):
        for offset in range(GRAM):
            hashes = (hashes + codes[offset : offset + count]) * _BASE
    return hashes

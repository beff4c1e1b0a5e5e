"""Keeping the measuring text out of training: a corpus that holds a sentence of it is refused.

One decision: sentences are compared by their letters and digits alone (NFKC, case folded), anywhere in a document, so
neither a prefix, a line break, spacing, case nor punctuation hides one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# Shorter sentences ("Thank you very much") are anybody's.
SHORTEST_SENTENCE = 24
GRAM = 16
_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")
_BASE = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Overlap:
    """A sentence of the index found in a text."""

    sentence: str


class SentenceIndex:
    """Sentences to look for. Building and looking up take time linear in the text."""

    def __init__(self, sentences: Iterable[str]) -> None:
        self._by_hash: dict[int, list[tuple[str, str]]] = {}
        for sentence in sentences:
            bare = bare_text(sentence)
            if len(bare) >= SHORTEST_SENTENCE:
                first = int(_gram_hashes(bare[:GRAM])[0])
                self._by_hash.setdefault(first, []).append((bare, sentence))
        self._hashes = np.array(sorted(self._by_hash), np.uint64)

    def __len__(self) -> int:
        return sum(map(len, self._by_hash.values()))

    def find(self, text: str) -> Overlap | None:
        """The first sentence of the index that `text` holds, or None."""
        if not len(self._hashes) or len(text) < SHORTEST_SENTENCE:
            return None
        bare = bare_text(text)
        if len(bare) < SHORTEST_SENTENCE:
            return None
        hashes = _gram_hashes(bare)
        for place in np.flatnonzero(np.isin(hashes, self._hashes)):
            for candidate, sentence in self._by_hash[int(hashes[place])]:
                if bare.startswith(candidate, int(place)):
                    return Overlap(sentence)
        return None


def bare_text(text: str) -> str:
    """Letters and digits of a text, NFKC, case folded."""
    return _NOT_ALPHANUMERIC.sub("", unicodedata.normalize("NFKC", text).casefold())


def _gram_hashes(bare: str) -> npt.NDArray[np.uint64]:
    """A 64-bit polynomial hash of each GRAM characters in a row."""
    codes = np.frombuffer(bare.encode("utf-32-le"), np.uint32).astype(np.uint64)
    count = len(codes) - GRAM + 1
    hashes = np.zeros(count, np.uint64)
    with np.errstate(over="ignore"):
        for offset in range(GRAM):
            hashes = hashes * _BASE + codes[offset : offset + count]
    return hashes

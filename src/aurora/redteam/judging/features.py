"""An answer as numbers: which stretches of letters it holds, hashed.

One decision: nothing is learnt here. A stretch of two to six characters is a place in a table by its hash, once for the
beginning of an answer and once for all that is read of it; so the same text has the same numbers on every machine, in
every language, and a judge is only its weights.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aurora.languages.refusals import fold

BITS = 17  # of a place: 131,072 weights, half a megabyte
SHORTEST, LONGEST = 2, 6  # characters of a stretch
BEGINNING, READ = 160, 700  # characters; refusals are said in the first sentences
_BASE = np.uint64(1_000_003)
_MIX = np.uint64(0x9E3779B97F4A7C15)

Places = NDArray[np.int64]


def places(answer: str) -> Places:
    """The places of the table that an answer takes, each once, in order."""
    text = fold(answer[: 4 * READ])[:READ]
    letters = np.frombuffer(f" {text} ".encode("utf-32-le", "replace"), dtype=np.uint32).astype(np.uint64)
    found = [_hashed(letters, 1), _hashed(letters[:BEGINNING], 2)]
    return np.unique(np.concatenate(found)).astype(np.int64)


def _hashed(letters: NDArray[np.uint64], room: int) -> NDArray[np.uint64]:
    """The places of all stretches; `room` keeps those of the beginning apart from the others."""
    found = [np.zeros(0, dtype=np.uint64)]
    with np.errstate(over="ignore"):  # hashes are taken modulo 2^64
        rolled = np.full(len(letters), room, dtype=np.uint64)
        for length in range(1, min(LONGEST, len(letters)) + 1):
            rolled = rolled[: len(letters) - length + 1] * _BASE + letters[length - 1 :]
            if length >= SHORTEST:
                mixed = rolled * _MIX
                mixed ^= mixed >> np.uint64(29)
                found.append((mixed * _MIX) >> np.uint64(64 - BITS))
    return np.concatenate(found)

"""MinHash signatures: how much of their shingles two texts share, told from a few bytes of each.

One decision: a signature is laid out for the two questions asked of it. Its bands (16 hashes of 6 minima each) say
which texts are worth comparing: those that share 80 % of their shingles meet in a band with probability 0.99, those
that share 30 % with 0.01. One byte of each of the 96 minima then says how much they share, with a standard error of
0.04.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aurora.corpus.kernels.compiled import compiled, entry_point
from aurora.corpus.kernels.shingles import shingle_hashes, tables

BANDS, ROWS = 16, 6
MINIMA = BANDS * ROWS
# 224 bytes a document. A text without a token has zeros for bands and resembles none.
SIGNATURE = np.dtype([("bands", "<u8", BANDS), ("minima", "u1", MINIMA)])
# Two different minima have the same byte one time in 256.
_BY_CHANCE = 1 / 256
_FNV, _SEED = np.uint64(0x100000001B3), np.uint64(0xCBF29CE484222325)


def signatures(texts: pa.LargeStringArray) -> npt.NDArray[np.void]:
    """The signature of each text, SIGNATURE [documents]. `texts` has no nulls."""
    _, offsets, data = texts.buffers()
    found = np.zeros(len(texts), SIGNATURE)
    if not len(texts):
        return found
    places = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    content = np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
    multipliers, addends = _permutations()
    longest = int(np.diff(places).max())
    bands, minima = found["bands"], found["minima"]
    scratch = np.zeros(longest + 1, np.uint32)
    _sign(places, content, *tables(), multipliers, addends, scratch, bands, minima)
    return found


def resemblance(left: npt.NDArray[np.uint8], right: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """The estimated share of shingles (Jaccard) of pairs of minima, uint8 [pairs, MINIMA]; float64 [pairs]."""
    equal: npt.NDArray[np.float64] = np.mean(left == right, axis=1)
    return np.clip((equal - _BY_CHANCE) / (1 - _BY_CHANCE), 0, 1)


def _permutations() -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    """The multipliers (odd) and addends of the permutations of 32-bit hashes, uint32 [MINIMA] each; always the same."""
    chance = np.random.Generator(np.random.PCG64(20240330))
    drawn = chance.integers(0, 1 << 32, (2, MINIMA), dtype=np.uint32)
    return drawn[0] | np.uint32(1), drawn[1]


@entry_point
def _sign(places, data, kinds, folds, longer, multipliers, addends, scratch, bands, minima):  # type: ignore[no-untyped-def]
    lowest = np.empty(MINIMA, np.uint32)
    for document in range(len(places) - 1):
        count = shingle_hashes(data, places[document], places[document + 1], kinds, folds, longer, scratch)
        if count == 0:
            continue
        _minima(scratch, count, multipliers, addends, lowest)
        for band in range(BANDS):
            value = _SEED
            for row in range(ROWS):
                value = (value ^ np.uint64(lowest[band * ROWS + row])) * _FNV
                value ^= value >> np.uint64(29)
            bands[document, band] = value | np.uint64(1)
        for number in range(MINIMA):
            minima[document, number] = np.uint8(lowest[number] >> np.uint32(24) ^ lowest[number] & np.uint32(0xFF))


@compiled
def _minima(hashes, count, multipliers, addends, lowest):  # type: ignore[no-untyped-def]
    """The least image of any hash under each permutation."""
    lowest[:] = np.uint32(0xFFFFFFFF)
    for place in range(count):
        value = hashes[place]
        for number in range(MINIMA):
            image = np.uint32(multipliers[number] * value + addends[number])
            lowest[number] = min(lowest[number], image)

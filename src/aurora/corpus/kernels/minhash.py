"""MinHash signatures (Broder 1997): the share of shingles that two texts have in common, from a few bytes of each.

One decision: a signature answers two questions. Its bands (16 hashes of 6 minima each) say which texts are worth
comparing: two that share 80 % of their shingles have a band in common with probability 0.99, two that share 30 % with
0.01. One byte of each of the 96 minima then estimates the share, with a standard error of 0.04.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aurora.corpus.kernels.columns import buffers_of
from aurora.corpus.kernels.compiled import compiled, entry_point
from aurora.corpus.kernels.shingles import shingle_hashes, tables

BANDS, ROWS = 16, 6
MINIMA = BANDS * ROWS
# 224 bytes a document. A text without a token has zeros as bands and resembles no text.
SIGNATURE = np.dtype([("bands", "<u8", BANDS), ("minima", "u1", MINIMA)])
# Two different minima have the same byte once in 256 times.
_BY_CHANCE = 1 / 256
_FNV, _SEED = np.uint64(0x100000001B3), np.uint64(0xCBF29CE484222325)  # the constants of 64-bit FNV-1a


def signatures(texts: pa.LargeStringArray) -> npt.NDArray[np.void]:
    """The signature of each text, SIGNATURE [documents]. `texts` has no nulls."""
    # A row more than there are texts: of one row the compiler would take the layout for another, and compile once more.
    signed = np.zeros(len(texts) + 1, SIGNATURE)
    if not len(texts):
        return signed[:-1]
    bounds, content = buffers_of(texts)
    multipliers, addends = _permutations()
    longest = int(np.diff(bounds).max())
    bands, minima = signed["bands"], signed["minima"]
    scratch = np.zeros(longest + 1, np.uint32)
    _sign(bounds, content, *tables(), multipliers, addends, scratch, bands, minima)
    return signed[:-1]


def resemblance(left: npt.NDArray[np.uint8], right: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """The estimated share of shingles (Jaccard) of pairs of minima, uint8 [pairs, MINIMA]; float64 [pairs]."""
    equal: npt.NDArray[np.float64] = np.mean(left == right, axis=1)
    return np.clip((equal - _BY_CHANCE) / (1 - _BY_CHANCE), 0, 1)


def _permutations() -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    """The multipliers (odd) and addends of the permutations of 32-bit hashes, uint32 [MINIMA] each; always the same."""
    generator = np.random.Generator(np.random.PCG64(20240330))  # any seed serves; a change of it changes all signatures
    drawn = generator.integers(0, 1 << 32, (2, MINIMA), dtype=np.uint32)
    return drawn[0] | np.uint32(1), drawn[1]


@entry_point
def _sign(bounds, data, kinds, folds, longer, multipliers, addends, scratch, bands, minima):  # type: ignore[no-untyped-def]
    lowest = np.empty(MINIMA, np.uint32)
    for document in range(len(bounds) - 1):
        count = shingle_hashes(data, bounds[document], bounds[document + 1], kinds, folds, longer, scratch)
        if count == 0:
            continue
        _minima(scratch, count, multipliers, addends, lowest)
        for band in range(BANDS):
            value = _SEED
            for row in range(ROWS):
                value = (value ^ np.uint64(lowest[band * ROWS + row])) * _FNV
                value ^= value >> np.uint64(29)  # a product never carries downwards: this mixes high bits into low ones
            bands[document, band] = value | np.uint64(1)  # never 0, which means a text without tokens
        for number in range(MINIMA):
            # A minimum of many hashes is small, so its high byte alone would be 0 for nearly every text.
            minima[document, number] = np.uint8(lowest[number] >> np.uint32(24) ^ lowest[number] & np.uint32(0xFF))


@compiled
def _minima(hashes, count, multipliers, addends, lowest):  # type: ignore[no-untyped-def]
    """The least image of any hash under each permutation."""
    lowest[:] = np.uint32(0xFFFFFFFF)
    for shingle in range(count):
        value = hashes[shingle]
        for number in range(MINIMA):
            image = np.uint32(multipliers[number] * value + addends[number])
            lowest[number] = min(lowest[number], image)

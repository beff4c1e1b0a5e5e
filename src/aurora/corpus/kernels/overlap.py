"""Finding the token runs of known texts in other texts.

One decision: a text is looked for by the hashes of its runs of 13 tokens, a shorter one by the hash of all of it. Two
small tables dismiss nearly every position of an unrelated text before the table of hashes is searched: a bit for each
run, and for each first four tokens the lengths of short texts that begin with them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from aurora.corpus.kernels.columns import read_only
from aurora.corpus.kernels.compiled import compiled, entry_point
from aurora.corpus.kernels.folding import Folding, folding, token_hashes

RUN = 13  # tokens, as in GPT-3's check for contamination (Brown et al. 2020, arXiv 2005.14165, appendix C)
_BASE = np.uint64(0xD6E8FEB86659FD93)  # of the polynomial hash; odd, so that multiplying loses no bit
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
HEAD = 4  # tokens by which short texts are looked up
_HEAD_BITS = 18  # 2^18 entries of 2 bytes, 0.5 MB, which stay in the cache of a core
_POWERS = np.array([pow(int(_BASE), length, 1 << 64) for length in range(RUN + 1)], np.uint64)


class Runs(NamedTuple):
    """The runs to look for. `bits`, `heads` and `table` are indexed by the high bits of a hash."""

    bits: npt.NDArray[np.uint8]  # 16 bits or more for each run, so at most 1 in 16 unrelated runs passes
    heads: npt.NDArray[np.uint16]  # by the first HEAD tokens of a shorter text: a bit for each length to try
    table: npt.NDArray[np.uint64]  # [slots, 2]: hash of a run, and its number counted from 1
    powers: npt.NDArray[np.uint64]


def run_hashes(
    offsets: npt.NDArray[np.int64], data: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """The runs of texts in UTF-8 buffers: (hashes [runs], text of each [runs], tokens [texts], width [texts]).

    A text of RUN tokens or more has all its runs of RUN tokens, a shorter one itself as its only run.
    """
    tokens = np.zeros(len(offsets) - 1, np.int32)
    widths = np.zeros(len(offsets) - 1, np.int32)
    room = int(offsets[-1] - offsets[0]) + 1
    hashes, texts = np.empty(room, np.uint64), np.empty(room, np.int32)
    count = _runs_of_texts(*_fixed(offsets, data, *folding(), _POWERS), hashes, texts, tokens, widths)
    return hashes[:count].copy(), texts[:count].copy(), tokens, widths


def head_hashes(offsets: npt.NDArray[np.int64], data: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint64]:
    """The hash of the first HEAD tokens of each text, 0 for a text of fewer."""
    heads = np.zeros(len(offsets) - 1, np.uint64)
    _heads_of_texts(*_fixed(offsets, data, *folding(), _POWERS), heads)
    return heads


def make_runs(hashes: npt.NDArray[np.uint64], heads: npt.NDArray[np.uint64], lengths: npt.NDArray[np.int32]) -> Runs:
    """The runs with these distinct `hashes`, numbered from 0 in this order.

    `heads` and `lengths` are the head and the number of tokens (HEAD or more, fewer than RUN) of each short text.
    """
    # At most one bit in 16 is set, so the filter spares 15 of 16 searches; the table is at most half full, so those
    # that are left end after a step or two.
    bits = max(16, int(np.ceil(np.log2(16 * max(1, len(hashes))))))
    slots = max(10, int(np.ceil(np.log2(2 * max(1, len(hashes))))))
    runs = Runs(
        np.zeros(1 << bits - 3, np.uint8), np.zeros(1 << _HEAD_BITS, np.uint16), np.zeros((1 << slots, 2), np.uint64),
        _POWERS,
    )  # fmt: skip
    _fill(hashes, runs.bits, runs.table)
    with np.errstate(over="ignore"):
        entries = heads * _FACTOR >> np.uint64(64 - _HEAD_BITS)
    np.bitwise_or.at(runs.heads, entries, (1 << lengths).astype(np.uint16))
    return runs


def find_runs(
    offsets: npt.NDArray[np.int64], data: npt.NDArray[np.uint8], runs: Runs
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The runs found in documents in UTF-8 buffers: (document, number of the run) of each, in order."""
    longest = int(np.diff(offsets).max()) if len(offsets) > 1 else 0
    room = np.empty(longest + 1, np.uint64), np.empty(longest + 1, np.int32), np.empty(longest + 2, np.uint64)
    pairs, count = _find(*_fixed(offsets, data, *folding(), *runs), *room)
    return pairs[:count, 0], pairs[:count, 1]


def _fixed(*arrays: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
    return [read_only(array) for array in arrays]


@compiled
def _sums(hashes, count, sums):  # type: ignore[no-untyped-def]
    """Write the polynomial hashes of the first 0 to `count` tokens, from which `_run` gets the hash of any run."""
    sums[0] = 0
    for token in range(count):
        sums[token + 1] = sums[token] * _BASE + hashes[token]


@compiled
def _run(sums, start, length, powers):  # type: ignore[no-untyped-def]
    return sums[start + length] - sums[start] * powers[length]


@entry_point
def _runs_of_texts(offsets, data, table, longer, powers, hashes, texts, tokens, widths):  # type: ignore[no-untyped-def]
    size = 0
    for text in range(len(offsets) - 1):
        size = max(size, offsets[text + 1] - offsets[text])
    token_hash, width, sums = np.empty(size + 1, np.uint64), np.empty(size + 1, np.int32), np.empty(size + 2, np.uint64)
    total = 0
    for text in range(len(offsets) - 1):
        count = token_hashes(data[offsets[text] : offsets[text + 1]], Folding(table, longer), token_hash, width)
        tokens[text] = count
        widths[text] = width[:count].sum()
        _sums(token_hash, count, sums)
        length = min(count, RUN)
        for start in range(count - length + 1 if count else 0):
            hashes[total] = _run(sums, start, length, powers)
            texts[total] = text
            total += 1
    return total


@entry_point
def _heads_of_texts(offsets, data, table, longer, powers, heads):  # type: ignore[no-untyped-def]
    for text in range(len(offsets) - 1):
        size = offsets[text + 1] - offsets[text]
        token_hash, width = np.empty(size + 1, np.uint64), np.empty(size + 1, np.int32)
        sums = np.empty(size + 2, np.uint64)
        count = token_hashes(data[offsets[text] : offsets[text + 1]], Folding(table, longer), token_hash, width)
        if count >= HEAD:
            _sums(token_hash, HEAD, sums)
            heads[text] = _run(sums, 0, HEAD, powers)


@entry_point
def _fill(hashes, bits, table):  # type: ignore[no-untyped-def]
    """Set the bit of each hash, and enter it in the table with its number."""
    to_bit, to_slot = _shift(8 * len(bits)), _shift(len(table))
    mask = np.uint64(len(table) - 1)
    for number in range(len(hashes)):
        mixed = hashes[number] * _FACTOR
        bit = mixed >> to_bit
        bits[bit >> np.uint64(3)] |= np.uint8(1 << (bit & np.uint64(7)))  # eight bits to a byte
        slot = mixed >> to_slot
        while table[slot, 1]:
            slot = slot + np.uint64(1) & mask
        table[slot, 0] = hashes[number]
        table[slot, 1] = number + 1


@compiled
def _shift(size):  # type: ignore[no-untyped-def]
    """Bits to shift a hash by to get an index below `size`, a power of two."""
    bits = 0
    while 1 << bits < size:
        bits += 1
    return np.uint64(64 - bits)


@compiled
def _looked_up(hashed, bits, table, to_bit, to_slot):  # type: ignore[no-untyped-def]
    """The number of a run, counted from 1; 0 for one that is not looked for."""
    mixed = hashed * _FACTOR
    bit = mixed >> to_bit
    if not bits[bit >> np.uint64(3)] >> (bit & np.uint64(7)) & np.uint64(1):
        return 0
    slot = mixed >> to_slot
    mask = np.uint64(len(table) - 1)
    while table[slot, 1]:
        if table[slot, 0] == hashed:
            return np.int64(table[slot, 1])
        slot = slot + np.uint64(1) & mask
    return 0


@compiled
def _appended(pairs, count, document, number):  # type: ignore[no-untyped-def]
    """`pairs` with one more, in a copy twice as large if they are full."""
    if count == len(pairs):
        larger = np.empty((2 * count, 2), np.int64)
        larger[:count] = pairs
        pairs = larger
    pairs[count, 0] = document
    pairs[count, 1] = number - 1
    return pairs


@entry_point
def _find(offsets, data, folding_table, longer, bits, heads, table, powers, hashes, widths, sums):  # type: ignore[no-untyped-def]
    pairs = np.empty((1024, 2), np.int64)
    num_pairs = 0
    to_bit, to_slot = _shift(8 * len(bits)), _shift(len(table))
    to_head = np.uint64(64 - _HEAD_BITS)
    for document in range(len(offsets) - 1):
        text = data[offsets[document] : offsets[document + 1]]
        count = token_hashes(text, Folding(folding_table, longer), hashes, widths)
        _sums(hashes, count, sums)
        for start in range(count - RUN + 1):
            number = _looked_up(_run(sums, start, RUN, powers), bits, table, to_bit, to_slot)
            if number:
                pairs = _appended(pairs, num_pairs, document, number)
                num_pairs += 1
        for start in range(count - HEAD + 1):
            lengths = heads[_run(sums, start, HEAD, powers) * _FACTOR >> to_head]
            if not lengths:
                continue
            for length in range(HEAD, min(RUN, count - start + 1)):
                if lengths >> length & 1:
                    number = _looked_up(_run(sums, start, length, powers), bits, table, to_bit, to_slot)
                    if number:
                        pairs = _appended(pairs, num_pairs, document, number)
                        num_pairs += 1
    return pairs, num_pairs

"""Repetition within a document: tokens, and runs of 2 to 10 tokens, that occur in it more than once.

One decision: runs are identified by number, not by hash. A run of n tokens is named by the two runs of n - 1 that it
begins and ends with, and it can occur twice only if both of these do; so each n only looks at what n - 1 left, which in
ordinary text is soon next to nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from aurora.corpus.kernels.compiled import compiled

# Gopher's: the most frequent run is taken of 2 to 4 tokens, repeated runs of 5 to 10.
LONGEST_TOP, LONGEST = 4, 10
_FACTOR = np.uint64(0x9E3779B97F4A7C15)


class Runs(NamedTuple):
    """Working memory for the runs of a document, reused from document to document."""

    starts: npt.NDArray[np.int32]  # [tokens]: the token that a run begins with
    names: npt.NDArray[np.int32]  # [tokens]
    counts: npt.NDArray[np.int32]  # [tokens], by name
    earlier: npt.NDArray[np.int32]  # [tokens]: the counts of the runs that are one shorter
    firsts: npt.NDArray[np.int32]  # [tokens], by name: the start of the first one
    table: npt.NDArray[np.uint64]  # [2 * slots]: key, and its name, which rises over the whole batch


@compiled
def room(runs, tokens, keys):  # type: ignore[no-untyped-def]
    """`runs`, or larger ones if a document of so many tokens and at most `keys` keys does not fit."""
    slots = len(runs.table) // 2
    if tokens < len(runs.starts) and 2 * max(tokens, keys) <= slots:
        return runs
    size = max(1024, tokens + tokens // 8 + 1)  # an eighth more, so that slightly longer documents need no new memory
    while slots < 2 * max(tokens, keys):
        slots *= 2
    return Runs(
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.zeros(2 * slots, np.uint64),
    )


@compiled
def slots_of(number):  # type: ignore[no-untyped-def]
    """(bits to shift a product by, slots - 1) of the part of the table that a number of keys uses, half full at
    most."""
    bits = 4
    while 1 << bits < 2 * number:
        bits += 1
    return np.uint64(64 - bits), np.uint64((1 << bits) - 1)


@compiled
def named(table, key, shift, mask, first, following):  # type: ignore[no-untyped-def]
    """The name of a key in the table; a new key is named `following`.

    Names below `first` are left over from earlier documents and count as empty slots, so the table is never cleared.
    """
    slot = key * _FACTOR >> shift
    while True:
        name = table[2 * slot + np.uint64(1)]
        if name < first:
            table[2 * slot] = key
            table[2 * slot + np.uint64(1)] = following
            return following
        if table[2 * slot] == key:
            return name
        slot = slot + np.uint64(1) & mask


@compiled
def name_tokens(hashes, tokens, runs, first):  # type: ignore[no-untyped-def]
    """Name the tokens of a document from `first` on, equal ones alike; returns the number of names."""
    shift, mask = slots_of(tokens)
    names = 0
    for token in range(tokens):
        name = np.int64(named(runs.table, hashes[token], shift, mask, first, first + np.uint64(names)) - first)
        if name == names:
            names += 1
            runs.counts[name] = 0
            runs.firsts[name] = token
        runs.counts[name] += 1
        runs.starts[token], runs.names[token] = token, name
    return names


@compiled
def measure_runs(ends, tokens, names, runs, first, top, duplicated):  # type: ignore[no-untyped-def]
    """Write the characters of the most frequent run of 2 to LONGEST_TOP tokens to `top`, those of all its occurrences
    with spaces between tokens, and the characters of repeated runs of LONGEST_TOP + 1 to LONGEST tokens to
    `duplicated`.

    `ends` [tokens + 1] are the characters before each token; the tokens are named. Of repeated runs that overlap, the
    first counts. Returns the first unused name.
    """
    alive = tokens
    for length in range(2, LONGEST + 1):
        first += np.uint64(names)
        alive, names = _lengthen(alive, runs, first)
        if length <= LONGEST_TOP:
            top[length - 2] = _top(ends, tokens, length, names, runs)
        else:
            duplicated[length - LONGEST_TOP - 1] = _duplicated(ends, length, alive, runs)
    return first + np.uint64(names)


@compiled
def _lengthen(alive, runs, first):  # type: ignore[no-untyped-def]
    """Go from runs of n - 1 tokens to those of n that may occur twice; returns (number of runs, number of names)."""
    runs.earlier[:alive] = runs.counts[:alive]  # there are no more names than runs
    shift, mask = slots_of(alive)
    kept = names = 0
    for number in range(alive - 1):
        left, right = runs.names[number], runs.names[number + 1]
        if runs.earlier[left] < 2 or runs.earlier[right] < 2 or runs.starts[number + 1] != runs.starts[number] + 1:
            continue
        key = np.uint64(left) << np.uint64(32) | np.uint64(right)
        name = np.int64(named(runs.table, key, shift, mask, first, first + np.uint64(names)) - first)
        if name == names:
            names += 1
            runs.counts[name] = 0
            runs.firsts[name] = runs.starts[number]
        runs.counts[name] += 1
        runs.starts[kept], runs.names[kept] = runs.starts[number], name
        kept += 1
    return kept, names


@compiled
def _top(ends, tokens, length, names, runs):  # type: ignore[no-untyped-def]
    if tokens < length:
        return 0
    start, count = 0, 1  # if nothing occurs twice, the first run
    for name in range(names):
        if runs.counts[name] > count:
            start, count = runs.firsts[name], runs.counts[name]
    return (ends[start + length] - ends[start] + length - 1) * count


@compiled
def _duplicated(ends, length, alive, runs):  # type: ignore[no-untyped-def]
    characters, free = 0, 0  # tokens before `free` are already counted in a repeated run
    for number in range(alive):
        start, name = runs.starts[number], runs.names[number]
        if start < free:
            continue
        if runs.firsts[name] < 0:
            characters += ends[start + length] - ends[start]
            free = start + length
        else:
            runs.firsts[name] = -1  # seen
    return characters

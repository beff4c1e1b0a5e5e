"""Repetition within a document: tokens, and runs of 2 to 10 tokens, that stand in it more than once.

One decision: runs are told apart by number, not by hash. A run of n is named by the runs of n - 1 it begins and ends
with, and only where both of these stand twice can it stand twice itself; so each n looks at what the last one left,
which in ordinary text is soon next to nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from aurora.corpus.kernels.compiled import compiled

LONGEST_TOP, LONGEST = 4, 10
_FACTOR = np.uint64(0x9E3779B97F4A7C15)


class Runs(NamedTuple):
    """Room for the runs of a document, used for one after the other."""

    places: npt.NDArray[np.int32]  # [tokens]: the token that a run begins with
    names: npt.NDArray[np.int32]  # [tokens]
    counts: npt.NDArray[np.int32]  # [tokens], by name
    earlier: npt.NDArray[np.int32]  # [tokens]: the counts of the runs that are one shorter
    firsts: npt.NDArray[np.int32]  # [tokens], by name: the place of the first
    table: npt.NDArray[np.uint64]  # [2 * slots]: key, and the name counted on from the first of the batch


@compiled
def room(runs, tokens, keys):  # type: ignore[no-untyped-def]
    """`runs`, or larger ones where a document of so many tokens and at most `keys` keys does not fit in."""
    slots = len(runs.table) // 2
    if tokens < len(runs.places) and 2 * max(tokens, keys) <= slots:
        return runs
    size = max(1024, tokens + tokens // 8 + 1)
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
    """(bits to shift a product by, slots - 1) of the part of the table that a number of keys takes."""
    bits = 4
    while 1 << bits < 2 * number:
        bits += 1
    return np.uint64(64 - bits), np.uint64((1 << bits) - 1)


@compiled
def named(table, key, shift, mask, first, following):  # type: ignore[no-untyped-def]
    """The name of a key: the one it has in the table, or `following`, which it is then given. Names below `first`
    are those of earlier tables in the same room, and stand for empty slots."""
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
    """Name the tokens of a document, equal ones alike, from `first` on; returns how many names there are."""
    shift, mask = slots_of(tokens)
    names = 0
    for token in range(tokens):
        name = np.int64(named(runs.table, hashes[token], shift, mask, first, first + np.uint64(names)) - first)
        if name == names:
            names += 1
            runs.counts[name] = 0
            runs.firsts[name] = token
        runs.counts[name] += 1
        runs.places[token], runs.names[token] = token, name
    return names


@compiled
def measure_runs(ends, tokens, names, runs, first, top, duplicated):  # type: ignore[no-untyped-def]
    """Write the characters of the commonest run of 2 to LONGEST_TOP tokens to `top`, counted as often as it stands and
    with spaces between tokens, and those of repeated runs of LONGEST_TOP + 1 to LONGEST tokens to `duplicated`.

    `ends` [tokens + 1] are the characters before each token; the tokens are named. Of repeated runs that overlap the
    first counts. Returns the first name that is free.
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
    """Go from runs of n - 1 to those of n that may stand twice; returns (how many stand, how many differ)."""
    runs.earlier[:alive] = runs.counts[:alive]  # no more names than runs
    shift, mask = slots_of(alive)
    kept = names = 0
    for number in range(alive - 1):
        left, right = runs.names[number], runs.names[number + 1]
        if runs.earlier[left] < 2 or runs.earlier[right] < 2 or runs.places[number + 1] != runs.places[number] + 1:
            continue
        key = np.uint64(left) << np.uint64(32) | np.uint64(right)
        name = np.int64(named(runs.table, key, shift, mask, first, first + np.uint64(names)) - first)
        if name == names:
            names += 1
            runs.counts[name] = 0
            runs.firsts[name] = runs.places[number]
        runs.counts[name] += 1
        runs.places[kept], runs.names[kept] = runs.places[number], name
        kept += 1
    return kept, names


@compiled
def _top(ends, tokens, length, names, runs):  # type: ignore[no-untyped-def]
    if tokens < length:
        return 0
    place, count = 0, 1  # where nothing stands twice, the first run
    for name in range(names):
        if runs.counts[name] > count:
            place, count = runs.firsts[name], runs.counts[name]
    return (ends[place + length] - ends[place] + length - 1) * count


@compiled
def _duplicated(ends, length, alive, runs):  # type: ignore[no-untyped-def]
    characters, free = 0, 0  # tokens before `free` belong to a repeated run already
    for number in range(alive):
        place, name = runs.places[number], runs.names[number]
        if place < free:
            continue
        if runs.firsts[name] < 0:
            characters += ends[place + length] - ends[place]
            free = place + length
        else:
            runs.firsts[name] = -1  # seen
    return characters

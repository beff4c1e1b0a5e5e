"""Which source the n-th sequence comes from, so that every source has its share from the first sequence on.

One decision: nothing is stored. Weights become whole parts of a period. The turns of a short period are scheduled once
by earliest deadline; a long period is halved down to a block of BLOCK sequences, which is scheduled the same way. Both
cost the same for every n.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]

# Weights whose exact ratio needs a longer period are rounded to this one: by less than one sequence in 2^31.
LONGEST_PERIOD = 1 << 31
# Periods up to this are scheduled at once, in 0.1 s at most; longer ones in blocks of half a millisecond each.
LONGEST_DEAL = 1 << 16
BLOCK = 128
KEPT_BLOCKS = 64  # cached; steps and audits read neighbouring sequences


@dataclass(frozen=True)
class _Block:
    """Sources of the sequences from `start` on; `ranks` counts each one's earlier sequences in the period."""

    start: int
    sources: npt.NDArray[np.int32]
    ranks: Counts


class Interleaving:
    """An endless order of sources with given shares.

    If the exact ratio of the weights needs at most LONGEST_DEAL parts, any first n sequences have each source within
    one sequence of its exact share (Tijdeman, "The chairman assignment problem", 1980). Longer periods are scheduled
    between whole counts chosen at their midpoints; the same bound then holds except in rare blocks of very uneven
    weights, where a turn may come one sequence late. Such delays never add up.
    """

    def __init__(self, weights: Sequence[float | Fraction]) -> None:
        self.parts = np.array(whole_parts(weights), np.int64)
        self.period = int(self.parts.sum())
        self._longest = LONGEST_DEAL if self.period <= LONGEST_DEAL else BLOCK
        self._blocks: dict[int, _Block] = {}
        self._block(0)

    def at(self, n: int) -> tuple[int, int]:
        """(source, number of earlier sequences of that source) of the n-th sequence, from 0."""
        periods, position = divmod(n, self.period)
        block = self._block(position)
        source = int(block.sources[position - block.start])
        return source, periods * int(self.parts[source]) + int(block.ranks[position - block.start])

    def counts(self, n: int) -> list[int]:
        """How many of the first n sequences come from each source."""
        periods, position = divmod(n, self.period)
        start, _, before, _ = self._bounds(position)
        within = np.bincount(self._block(position).sources[: position - start], minlength=len(self.parts))
        counts: list[int] = (periods * self.parts + before + within).tolist()
        return counts

    def _block(self, position: int) -> _Block:
        """The block around `position` of the period, cached for the sequences that follow."""
        key = self._start(position)
        block = self._blocks.get(key)
        if block is None:
            start, end, before, after = self._bounds(position)
            block = _Block(start, *deal(self.parts, self.period, start, end, before, after))
            if len(self._blocks) >= KEPT_BLOCKS:
                self._blocks.clear()
            self._blocks[key] = block
        return block

    def _start(self, position: int) -> int:
        """Where the block around `position` starts."""
        start, end = 0, self.period
        while end - start > self._longest:
            middle = (start + end) // 2
            start, end = (start, middle) if position < middle else (middle, end)
        return start

    def _bounds(self, position: int) -> tuple[int, int, Counts, Counts]:
        """(start, end, counts before start, counts before end) of the block around `position`, by halving the
        period."""
        start, end = 0, self.period
        before, after = np.zeros_like(self.parts), self.parts
        while end - start > self._longest:
            middle = (start + end) // 2
            counts = counts_between(self.parts, self.period, middle, before, after)
            if position < middle:
                end, after = middle, counts
            else:
                start, before = middle, counts
        return start, end, before, after


def whole_parts(weights: Sequence[float | Fraction]) -> list[int]:
    """Weights as the smallest whole numbers of the same ratio, or rounded to LONGEST_PERIOD parts in total.

    A rounded source keeps at least one part; the largest remainders are rounded up.
    """
    exact = [Fraction(str(weight)) for weight in weights]
    scale = math.lcm(*(weight.denominator for weight in exact))
    parts = [int(weight * scale) for weight in exact]
    divisor = math.gcd(*parts)
    parts = [part // divisor for part in parts]
    total = sum(parts)
    if total <= LONGEST_PERIOD:
        return parts
    rounded = [max(1, part * LONGEST_PERIOD // total) for part in parts]
    # A source with less than one part was rounded up already.
    larger = [i for i in range(len(parts)) if parts[i] * LONGEST_PERIOD >= total]
    by_remainder = sorted(larger, key=lambda i: (-(parts[i] * LONGEST_PERIOD % total), i))
    missing = LONGEST_PERIOD - sum(rounded)
    for i in by_remainder[: max(0, missing)]:
        rounded[i] += 1
    rounded[rounded.index(max(rounded))] += min(0, missing)
    return rounded


def counts_between(parts: Counts, period: int, middle: int, before: Counts, after: Counts) -> Counts:
    """Whole counts of the first `middle` sequences, each its share rounded down or up, never outside before..after.

    Those furthest behind their share are rounded up.
    """
    counts = np.minimum(np.maximum(middle * parts // period, before), after)
    while missing := middle - int(counts.sum()):
        free = np.flatnonzero(counts < after if missing > 0 else counts > before)
        ahead = counts[free] * period - middle * parts[free]
        order = np.argsort(ahead if missing > 0 else -ahead, kind="stable")
        counts[free[order[: abs(missing)]]] += 1 if missing > 0 else -1
    return counts


def deal(
    parts: Counts, period: int, start: int, end: int, before: Counts, after: Counts
) -> tuple[npt.NDArray[np.int32], Counts]:
    """Sources of the sequences start..end-1, and the rank of each within its source, by earliest deadline.

    Turn j (from 0) of a source with share s may come at n once j < s (n + 1) and must have come before j + 1 > s n + 1.
    """
    sources, ranks = np.zeros(end - start, np.int32), np.zeros(end - start, np.int64)
    share = parts.tolist()
    last = after.tolist()
    waiting = [(before[i] * period // share[i], i, int(before[i])) for i in np.flatnonzero(after > before).tolist()]
    heapq.heapify(waiting)
    ready: list[tuple[int, int, int]] = []  # (latest place, source, turn)
    for n in range(start, end):
        while waiting and (waiting[0][0] <= n or not ready):
            _, i, turn = heapq.heappop(waiting)
            heapq.heappush(ready, (-(-(turn + 1) * period // share[i]) - 1, i, turn))
        _, i, turn = heapq.heappop(ready)
        sources[n - start], ranks[n - start] = i, turn
        if turn + 1 < last[i]:
            heapq.heappush(waiting, ((turn + 1) * period // share[i], i, turn + 1))
    return sources, ranks

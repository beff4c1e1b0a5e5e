"""The n-th sequence of a stage, as a formula.

One decision: position is the only state. A fixed pattern of the sources, each as evenly spread as whole sequences
allow, repeats through the stage; within a source, a keyed permutation of its sequences gives every pass a new order.
So sequence n follows from (weights, seed, stage, n) at once: no index file, no saved shuffle, no warm-up.
"""

from __future__ import annotations

import hashlib
import heapq
import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from aurora.errors import UserError

# Longest pattern. Weights whose exact ratio needs a longer one are rounded to this many parts.
LONGEST_PATTERN = 1 << 16
ROUNDS = 4


@dataclass(frozen=True)
class Window:
    """The n-th sequence of a stage: sequence `index` of `source` (both from 0), in its pass `epoch` (from 0)."""

    source: str
    index: int
    epoch: int


class Mixture:
    """Which sequence of which source every sequence of a stage is.

    `weights` count tokens; `sequences` gives the number of sequences in each source. Raises `UserError` for a source
    without one. Any first n sequences hold every source within one sequence of its exact share (Tijdeman 1980).
    """

    def __init__(self, weights: Mapping[str, float], sequences: Mapping[str, int], seed: int, stage: str) -> None:
        self.sources = sorted(weights)
        self.sequences = {name: sequences[name] for name in self.sources}
        for name, count in self.sequences.items():
            if count < 1:
                raise UserError(
                    f"The source {name} is shorter than one sequence of stage {stage}: take it out of the mixture, "
                    "give it more text or choose a smaller sequence_length."
                )
        self.parts = whole_parts([weights[name] for name in self.sources])
        self.pattern = even_pattern(self.parts)
        self._ranks = _ranks(self.pattern, len(self.sources))
        self._key = f"{seed}\0{stage}"

    def sequence(self, n: int) -> Window:
        """The n-th sequence (from 0)."""
        period, place = divmod(n, len(self.pattern))
        index = int(self.pattern[place])
        source = self.sources[index]
        epoch, position = divmod(period * self.parts[index] + int(self._ranks[place]), self.sequences[source])
        chosen = permuted(position, self.sequences[source], f"{self._key}\0{source}\0{epoch}")
        return Window(source, chosen, epoch)

    def counts(self, n: int) -> dict[str, int]:
        """How many of the first n sequences come from each source."""
        periods, rest = divmod(n, len(self.pattern))
        partial = np.bincount(self.pattern[:rest], minlength=len(self.sources))
        return {name: periods * self.parts[i] + int(partial[i]) for i, name in enumerate(self.sources)}


def whole_parts(weights: list[float]) -> list[int]:
    """Weights as the smallest whole numbers of the same ratio, at most LONGEST_PATTERN in all.

    Where the exact ratio needs more parts, the largest remainders are rounded up, and every source keeps at least one.
    """
    exact = [Fraction(str(weight)) for weight in weights]
    scale = math.lcm(*(weight.denominator for weight in exact))
    parts = [int(weight * scale) for weight in exact]
    divisor = math.gcd(*parts)
    parts = [part // divisor for part in parts]
    total = sum(parts)
    if total <= LONGEST_PATTERN:
        return parts
    ideal = [part * LONGEST_PATTERN / total for part in parts]
    rounded = [max(1, math.floor(part)) for part in ideal]
    left = LONGEST_PATTERN - sum(rounded)
    by_remainder = sorted(range(len(parts)), key=lambda i: (rounded[i] - ideal[i], i))
    for i in by_remainder[: max(0, left)]:
        rounded[i] += 1
    rounded[rounded.index(max(rounded))] += min(0, left)  # the largest gives what the tiniest were given
    return rounded


def even_pattern(parts: list[int]) -> npt.NDArray[np.int32]:
    """One period: source indices, source i exactly `parts[i]` times, every prefix within one of its exact share.

    The j-th turn (from 0) of a source with share s may come once j < s (n + 1) and must come before j + 1 > s n + 1; of
    all that may come, the one that must come first does (Tijdeman, "The chairman assignment problem", 1980).
    """
    total = sum(parts)
    pattern = np.zeros(total, np.int32)
    waiting = [(0, i, 0) for i in range(len(parts))]  # (earliest place, source, turn)
    heapq.heapify(waiting)
    ready: list[tuple[int, int, int]] = []  # (latest place, source, turn)
    for n in range(total):
        while waiting and waiting[0][0] <= n:
            _, i, turn = heapq.heappop(waiting)
            heapq.heappush(ready, (-(-(turn + 1) * total // parts[i]) - 1, i, turn))
        _, i, turn = heapq.heappop(ready)
        pattern[n] = i
        if turn + 1 < parts[i]:
            heapq.heappush(waiting, ((turn + 1) * total // parts[i], i, turn + 1))
    return pattern


def _ranks(pattern: npt.NDArray[np.int32], num_sources: int) -> npt.NDArray[np.int64]:
    """For each place of the pattern, how many earlier places have the same source."""
    ranks = np.zeros(len(pattern), np.int64)
    for i in range(num_sources):
        places = np.flatnonzero(pattern == i)
        ranks[places] = np.arange(len(places))
    return ranks


def permuted(position: int, size: int, key: str) -> int:
    """A keyed bijection of 0..size-1: a Feistel network over the next even power of two, walked until it is inside."""
    if size <= 1:
        return 0
    half = ((size - 1).bit_length() + 1) // 2
    mask = (1 << half) - 1
    digest = hashlib.blake2b(key.encode(), digest_size=8 * ROUNDS).digest()
    keys = [int.from_bytes(digest[8 * i : 8 * i + 8], "little") for i in range(ROUNDS)]
    value = position
    while True:
        left, right = value >> half, value & mask
        for round_key in keys:
            left, right = right, left ^ (_mixed(right ^ round_key) & mask)
        value = (left << half) | right
        if value < size:
            return value


def _mixed(value: int) -> int:
    """The finaliser of MurmurHash3 (64 bit)."""
    value &= 0xFFFFFFFFFFFFFFFF
    value = ((value ^ (value >> 33)) * 0xFF51AFD7ED558CCD) & 0xFFFFFFFFFFFFFFFF
    value = ((value ^ (value >> 33)) * 0xC4CEB9FE1A85EC53) & 0xFFFFFFFFFFFFFFFF
    return value ^ (value >> 33)

"""The n-th sequence of a stage, as a formula.

One decision: position is the only state. The sources take turns by `interleaving`; within a source, a keyed permutation
of its sequences gives every pass a new order. So sequence n follows from (weights, seed, stage, n) directly: no index
file, no saved shuffle, no warm-up. Weights count tokens with a loss, so a source whose rows have few of them gets more
rows. Weights that change within a stage form segments, and a later segment never changes an earlier one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from aurora.errors import UserError
from aurora.tokens.interleaving import Interleaving

ROUNDS = 4  # of the Feistel network; four rounds make a strong pseudorandom permutation (Luby and Rackoff, 1988)


@dataclass(frozen=True)
class Window:
    """The n-th sequence of a stage: sequence `index` of `source` (both from 0), in its pass `epoch` (from 0)."""

    source: str
    index: int
    epoch: int


@dataclass(frozen=True)
class Change:
    """New weights from sequence `first` of the stage on; they may add sources and leave out others."""

    first: int
    weights: Mapping[str, float]


@dataclass(frozen=True)
class _Segment:
    """A run of sequences with the same weights; `before` counts what each source gave earlier in the stage."""

    first: int
    sources: list[str]
    turns: Interleaving
    before: dict[str, int]

    def counts(self, n: int) -> dict[str, int]:
        """What each source gave from the stage's start up to sequence n, which lies in this segment or ends it."""
        within = dict(zip(self.sources, self.turns.counts(n - self.first), strict=True))
        return {name: count + within.get(name, 0) for name, count in self.before.items()}


class Mixture:
    """Which sequence of which source every sequence of a stage is.

    `weights` count tokens with a loss; `sequences` gives the number of sequences in each source and `loss_tokens` how
    many such tokens they hold together; `changes` replace the weights from some sequence on, where each source goes on
    where it stood. Raises `UserError` for a source without a sequence and `ValueError` for changes out of order. Within
    a segment, any first n sequences hold every source within one sequence of its exact share (see `Interleaving`).
    """

    def __init__(
        self,
        weights: Mapping[str, float],
        sequences: Mapping[str, int],
        loss_tokens: Mapping[str, int],
        seed: int,
        stage: str,
        changes: Sequence[Change] = (),
    ) -> None:
        self.sources = sorted({name for part in (weights, *(change.weights for change in changes)) for name in part})
        self.sequences = {name: sequences[name] for name in self.sources}
        for name, count in self.sequences.items():
            if count < 1:
                raise UserError(
                    f"The source {name} is shorter than one sequence of stage {stage}: remove it from the mixture, "
                    "give it more text or choose a smaller sequence_length."
                )
        self.loss_tokens = {name: loss_tokens[name] for name in self.sources}
        self._key = f"{seed}\0{stage}"
        self._segments: list[_Segment] = []
        for change in (Change(0, weights), *changes):
            self._add(change)

    def sequence(self, n: int) -> Window:
        """The n-th sequence (from 0)."""
        segment = self._segment(n)
        number, rank = segment.turns.at(n - segment.first)
        source = segment.sources[number]
        epoch, position = divmod(segment.before[source] + rank, self.sequences[source])
        chosen = permuted(position, self.sequences[source], self._order(source, epoch))
        return Window(source, chosen, epoch)

    def counts(self, n: int) -> dict[str, int]:
        """How many of the first n sequences come from each source."""
        return self._segment(max(0, n - 1)).counts(n)

    def passes(self, source: str, count: int) -> tuple[int, npt.NDArray[np.int64]]:
        """(whole passes, indices of the one begun) of a source's first `count` sequences."""
        epochs, begun = divmod(count, self.sequences[source])
        return epochs, beginning(begun, self.sequences[source], self._order(source, epochs))

    def _sequences_for(self, source: str) -> Fraction:
        """How many sequences of a source hold one token with a loss, on average."""
        return Fraction(self.sequences[source], self.loss_tokens[source])

    def _order(self, source: str, epoch: int) -> str:
        """The key of the order of a pass."""
        return f"{self._key}\0{source}\0{epoch}"

    def _segment(self, n: int) -> _Segment:
        return next(segment for segment in reversed(self._segments) if segment.first <= n)

    def _add(self, change: Change) -> None:
        before = dict.fromkeys(self.sources, 0)
        if self._segments:
            last = self._segments[-1]
            if change.first <= last.first:
                raise ValueError(f"weights that change from sequence {change.first} on come after {last.first}")
            before = last.counts(change.first)
        sources = sorted(change.weights)
        turns = Interleaving([Fraction(str(change.weights[name])) * self._sequences_for(name) for name in sources])
        self._segments.append(_Segment(change.first, sources, turns, before))


def permuted(position: int, size: int, key: str) -> int:
    """A keyed bijection of 0..size-1: a Feistel network over the next even power of two, repeated until the value is
    below `size` (cycle walking)."""
    if size <= 1:
        return 0
    half = ((size - 1).bit_length() + 1) // 2
    mask = (1 << half) - 1
    keys = _round_keys(key)
    value = position
    while True:
        left, right = value >> half, value & mask
        for round_key in keys:
            left, right = right, left ^ (_mixed(right ^ round_key) & mask)
        value = (left << half) | right
        if value < size:
            return value


def beginning(count: int, size: int, key: str) -> npt.NDArray[np.int64]:
    """`permuted` of the positions 0..count-1 at once."""
    if size <= 1:
        return np.zeros(count, np.int64)
    half = np.uint64(((size - 1).bit_length() + 1) // 2)
    mask = (np.uint64(1) << half) - np.uint64(1)
    keys = _round_keys(key)
    values = np.arange(count, dtype=np.uint64)
    outside = np.ones(count, np.bool_)
    while outside.any():
        left, right = values[outside] >> half, values[outside] & mask
        for round_key in keys:
            left, right = right, left ^ (_mixed_all(right ^ np.uint64(round_key)) & mask)
        values[outside] = (left << half) | right
        outside = values >= size
    return values.astype(np.int64)


@lru_cache(maxsize=4096)  # one for each pass over each source that neighbouring sequences come from
def _round_keys(key: str) -> tuple[int, ...]:
    digest = hashlib.blake2b(key.encode(), digest_size=8 * ROUNDS).digest()
    return tuple(int.from_bytes(digest[8 * i : 8 * i + 8], "little") for i in range(ROUNDS))


def _mixed(value: int) -> int:
    """The finaliser of MurmurHash3 (64 bit)."""
    value &= 0xFFFFFFFFFFFFFFFF
    value = ((value ^ (value >> 33)) * 0xFF51AFD7ED558CCD) & 0xFFFFFFFFFFFFFFFF
    value = ((value ^ (value >> 33)) * 0xC4CEB9FE1A85EC53) & 0xFFFFFFFFFFFFFFFF
    return value ^ (value >> 33)


def _mixed_all(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """`_mixed` of each; products wrap at 64 bits by themselves."""
    values = (values ^ (values >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    values = (values ^ (values >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return values ^ (values >> np.uint64(33))

"""Rows of tokens as a tree: what several begin with stands once, whatever asked for it.

One decision: the tree follows from the set of rows alone, not from their order, and only beginnings whose tokens are
worth a pass of their own are shared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

LONGEST = 512  # tokens of a segment; a longer one goes on in another, so that no pass and no table of weights is large
WORTH_SHARING = 8  # tokens; sharing fewer costs more passes than it saves
LONG = 64  # tokens; only such long beginnings are shared on top of others, as each level costs attention of its own


@dataclass(frozen=True)
class Row:
    """The ids of a request from its start on; those from `first` (at least 1) on are counted."""

    ids: tuple[int, ...]
    first: int


@dataclass(eq=False)
class Segment:
    """The tokens `ids` at positions from `start` on, after those of `parent`.

    `asked` are (row, begin, end): from what this segment knows at positions `begin` to `end`, the row's next tokens are
    predicted.
    """

    start: int
    ids: tuple[int, ...]
    parent: Segment | None
    children: list[Segment] = field(default_factory=list)
    asked: list[tuple[int, int, int]] = field(default_factory=list)

    @property
    def end(self) -> int:
        """The position after its last token."""
        return self.start + len(self.ids)


def tree_of(rows: Sequence[Row], longest: int = LONGEST, worth: int = WORTH_SHARING, long: int = LONG) -> list[Segment]:
    """The first segments of a tree in which every row's tokens, but for its last, lie on one path.

    A row's last token is predicted and never read.
    """
    keys = [np.asarray(row.ids[:-1], dtype=">u4").tobytes() for row in rows]
    order = sorted(range(len(rows)), key=keys.__getitem__)  # as tokens are in order, as bytes are faster to compare
    return _grow(rows, order, longest, worth, long)


def segments_of(roots: Sequence[Segment]) -> Iterator[Segment]:
    """All segments, each before those that go on from it."""
    waiting = list(reversed(roots))
    while waiting:
        segment = waiting.pop()
        yield segment
        waiting.extend(reversed(segment.children))


def _grow(rows: Sequence[Row], order: Sequence[int], longest: int, worth: int, long: int) -> list[Segment]:
    """The tree of the rows `order`, which are sorted."""
    roots: list[Segment] = []
    waiting: list[tuple[Sequence[int], int, Segment | None, int]] = [(order, 0, None, worth)] if order else []
    while waiting:
        group, depth, parent, least = waiting.pop()
        same = _same(rows, group, depth)
        ended, parts = _parts(rows, group, same)
        saved, later = (same - depth) * (len(parts) + bool(ended) - 1), 0
        if same - depth < long:  # where more is saved further down, that alone
            later = sum((_same(rows, part, same) - same) * (len(part) - 1) for part in parts)
        if parts and (same - depth < least or not saved or saved < later):
            apart = reversed([*([ended] if ended else []), *parts])
            waiting.extend((part, depth, parent, least) for part in apart)
            continue
        for start in range(depth, same, longest):
            parent = Segment(start, rows[group[0]].ids[start : min(start + longest, same)], parent)
            (roots if parent.parent is None else parent.parent.children).append(parent)
            _ask(rows, group, parent)
        below = least if same - depth >= long else long
        waiting.extend((part, same, parent, below) for part in reversed(parts))
    return roots


def _same(rows: Sequence[Row], group: Sequence[int], depth: int) -> int:
    """Up to which position all rows of a sorted `group` have the same read tokens; before `depth` they do."""
    one, other = rows[group[0]].ids, rows[group[-1]].ids  # the first and the last have it, so all between do
    return _common(one, other, depth, min(len(one), len(other)) - 1)


def _parts(rows: Sequence[Row], group: Sequence[int], same: int) -> tuple[list[int], list[list[int]]]:
    """The rows whose read tokens end at position `same`, and those that go on, by their token there."""
    ended: list[int] = []
    parts: list[list[int]] = []
    last: int | None = None
    for number in group:
        ids = rows[number].ids
        if len(ids) - 1 == same:
            ended.append(number)
        elif ids[same] == last:
            parts[-1].append(number)
        else:
            parts.append([number])
            last = ids[same]
    return ended, parts


def _ask(rows: Sequence[Row], group: Sequence[int], segment: Segment) -> None:
    for number in group:
        begin, end = max(segment.start, rows[number].first - 1), min(segment.end, len(rows[number].ids) - 1)
        if begin < end:
            segment.asked.append((number, begin, end))


def _common(one: Sequence[int], other: Sequence[int], start: int, end: int) -> int:
    """How many first ids up to number `end` are the same; those before `start` are known to be."""
    if one[start:end] == other[start:end]:
        return end
    return next(place for place in range(start, end) if one[place] != other[place])

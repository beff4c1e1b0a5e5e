"""Which part of a tensor a rank holds.

One decision: every tensor in training knows its boxes, so loading weights, saving checkpoints, changing the layout and
exporting are all the same operation, copying boxes of named tensors, and no process ever needs a whole network. A row
that several ranks hold is owned by one of them, which counts it in norms and writes it to checkpoints.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

Index = tuple[slice, ...]


class Span(NamedTuple):
    """`length` indices along a dimension: from `local` on in this rank's part, from `start` on in the whole tensor.

    `shared` if every rank of the tensor group holds them.
    """

    local: int
    length: int
    start: int
    shared: bool = False


@dataclass(frozen=True)
class Box:
    """`local` of a rank's tensor is `whole` of the named tensor."""

    name: str
    local: Index
    whole: Index
    shared: bool


@dataclass(frozen=True)
class Placement:
    """A rank's part of the tensor `name`, of the given whole `shape`: spans of one dimension, all of the others.

    `first` is false where the rank holds a second copy of the tensor (a tied output layer on the last rank of a
    pipeline), which is neither counted in norms nor saved. `partial` says that each rank of the tensor group has only a
    part of the gradient, which must be summed over the group.
    """

    name: str
    shape: tuple[int, ...]
    dimension: int
    spans: tuple[Span, ...]
    first: bool = True
    partial: bool = False

    @property
    def held(self) -> tuple[int, ...]:
        """The shape of the part."""
        sizes = list(self.shape)
        sizes[self.dimension] = sum(span.length for span in self.spans)
        return tuple(sizes)

    def boxes(self, rows: slice) -> Iterator[Box]:
        """The boxes of the part's `rows` (of its first dimension), those that data parallelism gave to this rank."""
        for span in self.spans:
            local = [slice(0, size) for size in self.held]
            whole = [slice(0, size) for size in self.shape]
            local[0] = whole[0] = rows
            if self.dimension == 0:
                begin = max(rows.start, span.local)
                end = max(min(rows.stop, span.local + span.length), begin)
                local[0] = slice(begin, end)
                whole[0] = slice(begin - span.local + span.start, end - span.local + span.start)
            else:
                local[self.dimension] = slice(span.local, span.local + span.length)
                whole[self.dimension] = slice(span.start, span.start + span.length)
            local[0] = slice(local[0].start - rows.start, local[0].stop - rows.start)
            if all(part.stop > part.start for part in local):
                yield Box(self.name, tuple(local), tuple(whole), span.shared)


def whole_tensor(name: str, shape: tuple[int, ...], *, shared: bool = False) -> Placement:
    """The placement of a tensor that a rank holds whole; `shared` where all ranks of its tensor group do."""
    return Placement(name, shape, 0, (Span(0, shape[0], 0, shared),))


def overlap(left: Index, right: Index) -> Index | None:
    """What two boxes of a tensor have in common, or None."""
    both = tuple(
        slice(max(one.start, other.start), min(one.stop, other.stop)) for one, other in zip(left, right, strict=True)
    )
    return both if all(part.stop > part.start for part in both) else None


def within(part: Index, box: Index) -> Index:
    """The indices of `part` relative to the corner of `box`."""
    return tuple(
        slice(one.start - corner.start, one.stop - corner.start) for one, corner in zip(part, box, strict=True)
    )

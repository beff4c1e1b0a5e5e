"""Forward passes over the segments of a tree, each token once and none of padding.

One decision: a pass takes as many segments as fit, and those that go on from it follow before the next pass of its own
kind; so what is kept in memory are the passes on one way from a root to the leaves.

Shapes: N tokens of a pass, W width.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from aurora.evaluation.scorer.tree import Segment
from aurora.model.layers.branches import Branches, Reach, Span, reaches_of
from aurora.model.network import Network

CPU_TOKENS = 2048  # a pass that is larger is no faster on cores
LEAST_TOKENS = 256
FAMILY = 256  # tokens that see each other's places; more would mostly be hidden from themselves
LARGE = 2048  # tokens; so many that go on from one segment see it by itself, and not copied for each family
CPU_BYTES = 1 << 28  # of a pass, at most; a share of an accelerator's free memory there
SHARE = 0.2


@dataclass(frozen=True)
class Budget:
    """What one pass takes: about so many `tokens`, of at most so many `segments`."""

    tokens: int
    segments: int | None = None


@dataclass(frozen=True)
class Pass:
    """What a pass left: which rows each segment has, and the keys and values of every layer."""

    rows: dict[Segment, tuple[int, int]]
    layers: list[tuple[Tensor, Tensor]]
    positions: Tensor

    def after(self, earlier: Pass) -> Pass:
        """Both as one, of a single segment each."""
        (segment,) = self.rows
        both = zip(earlier.layers, self.layers, strict=True)
        layers = [(torch.cat([one[0], two[0]]), torch.cat([one[1], two[1]])) for one, two in both]
        positions = torch.cat([earlier.positions, self.positions])
        return Pass({segment: (0, len(positions))}, layers, positions)


def budget_of(model: Network, segments: int | None = None) -> Budget:
    """As many tokens as memory allows: no score depends on how many."""
    shape, device = model.architecture, model.output_weight.device
    values = shape.layers * 2 * shape.key_value_heads * shape.head_width + 8 * shape.width + 4 * shape.inner
    each = values * model.output_weight.element_size()
    if device.type == "cpu":
        return Budget(max(LEAST_TOKENS, min(CPU_TOKENS, CPU_BYTES // each)), segments)
    free, _ = torch.cuda.mem_get_info(device)
    return Budget(max(LEAST_TOKENS, int(free * SHARE) // each), segments)


def walk(
    model: Network, segments: Sequence[Segment], budget: Budget, seen: Callable[[Sequence[Segment], Tensor], object]
) -> None:
    """Compute a tree; `seen` is given the segments of each pass and their last hidden states [N, W], in that order."""
    waiting: list[tuple[list[Segment], list[Pass]]] = [(part, []) for part in reversed(_parts(segments, budget))]
    while waiting:
        part, above = waiting.pop()
        hidden, left = run(model, part, above)
        seen(part, hidden)
        children = [child for segment in part for child in segment.children]
        if children:
            waiting.extend((later, onto(above, left)) for later in reversed(_parts(children, budget)))


def onto(above: Sequence[Pass], left: Pass) -> list[Pass]:
    """Passes with one more; a first segment that was cut into several is one again."""
    if len(above) == len(left.rows) == len(above[-1].rows if above else ()) == 1:
        return [left.after(above[0])]
    return [*above, left]


def run(
    model: Network, segments: Sequence[Segment], above: Sequence[Pass], *, keep: bool | None = None
) -> tuple[Tensor, Pass]:
    """The hidden states [N, W] of segments whose parents lie in the last pass of `above`, theirs in the one before.

    Keys and values are kept where something goes on from them, or as `keep` says.
    """
    keep = any(segment.children for segment in segments) if keep is None else keep
    device = model.output_weight.device
    rows, total = dict[Segment, tuple[int, int]](), 0
    for segment in segments:
        rows[segment] = (total, total + len(segment.ids))
        total += len(segment.ids)
    ids = torch.tensor([token for segment in segments for token in segment.ids], device=device)
    positions = torch.cat([torch.arange(segment.start, segment.end) for segment in segments]).to(device)
    reaches, joined = _reaches(model, rows, positions, above)
    layers = [
        Branches(reaches, [earlier.layers[number] for earlier in reversed(above)], joined=joined)
        for number in range(model.architecture.layers)
    ]
    hidden = model.embed(ids[None], positions)
    turns = model.turns(positions, hidden.dtype)
    for block, layer in zip(model.own_blocks, layers, strict=True):
        hidden = block(hidden, positions, turns[block.rotary], layer)
        if not keep:
            layer.kept = None
    kept = [layer.kept for layer in layers if layer.kept is not None]
    return model.norm(hidden)[0], Pass(rows, kept, positions)


def _reaches(
    model: Network, rows: dict[Segment, tuple[int, int]], positions: Tensor, above: Sequence[Pass]
) -> tuple[list[list[Reach]], bool]:
    """What each segment sees of its own pass and of earlier ones, the last first; whether it sees two at once.

    Families of one parent see it together with themselves, in one softmax, unless they are very many.
    """
    windows = [block.attention.window for block in model.own_blocks]
    reaching = any(window is not None and int(positions.max()) >= window for window in windows)
    heads, device, total = model.architecture.heads, positions.device, len(positions)
    parents: list[Segment | None] = [segment.parent if above else None for segment in rows]
    spans = _spans(rows, parents, above[-1] if above else None)
    own, apart = list[Span](), list[Span]()
    for span in spans:
        if span.last and span.end - span.start <= LARGE:
            own.extend(replace(part, first=span.first + total, last=span.last + total) for part in _families(span))
        else:
            begins = [span.start, *span.pieces[:-1]]
            own.extend(Span(start, end, pieces=(end,)) for start, end in zip(begins, span.pieces, strict=True))
            apart.extend([replace(span, pieces=())] if span.last else [])
    joined = any(span.last for span in own)
    keys = torch.cat([positions, above[-1].positions]) if joined else positions
    reaches = [reaches_of(own, heads, device, (positions, keys) if reaching else None)]
    for earlier in reversed(above):
        if earlier is not above[-1]:
            parents = [None if parent is None else parent.parent for parent in parents]
            apart = [replace(span, pieces=()) for span in _spans(rows, parents, earlier) if span.last]
        reaches.append(reaches_of(apart, heads, device, (positions, earlier.positions) if reaching else None))
    return reaches, joined


def _spans(rows: dict[Segment, tuple[int, int]], parents: Sequence[Segment | None], earlier: Pass | None) -> list[Span]:
    """What segments see of an earlier pass; neighbours that go on from one segment see it together."""
    spans: list[Span] = []
    last: Segment | None = None
    for (start, end), parent in zip(rows.values(), parents, strict=True):
        if parent is not None and parent is last:
            spans[-1] = replace(spans[-1], end=end, pieces=(*spans[-1].pieces, end))
        else:
            first, after = (0, 0) if parent is None or earlier is None else earlier.rows[parent]
            spans.append(Span(start, end, first, after, (end,)))
        last = parent
    return spans


def _families(span: Span) -> Iterator[Span]:
    """A span in parts of few tokens, each of whole pieces."""
    start, pieces = span.start, list[int]()
    for end in span.pieces:
        if pieces and end - start > FAMILY:
            yield replace(span, start=start, end=pieces[-1], pieces=tuple(pieces))
            start, pieces = pieces[-1], []
        pieces.append(end)
    yield replace(span, start=start, pieces=tuple(pieces))


def _parts(segments: Sequence[Segment], budget: Budget) -> list[list[Segment]]:
    """Segments in passes, in order."""
    parts: list[list[Segment]] = []
    size = 0
    for segment in segments:
        full = not parts or size + len(segment.ids) > budget.tokens or len(parts[-1]) == budget.segments
        if full:
            parts.append([])
            size = 0
        parts[-1].append(segment)
        size += len(segment.ids)
    return parts

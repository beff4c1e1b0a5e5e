"""Forward passes over the segments of a tree, each token once and none of padding.

One decision: a pass takes as many segments as fit, and those that go on from it follow before the next pass of its own
kind; so what is kept in memory are the passes on one way from a root to the leaves.

Shapes: N tokens of a pass, W width.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from aurora.evaluation.scorer.tree import Segment
from aurora.model.layers.branches import Branches, Span, reaches_of
from aurora.model.network import Network

CPU_TOKENS = 2048  # a pass that is larger is no faster on cores
LEAST_TOKENS = 256
CPU_BYTES = 1 << 28  # of a pass, at most; a share of an accelerator's free memory there
SHARE = 0.2


@dataclass(frozen=True)
class Budget:
    """What one pass takes: about so many `tokens`, of at most so many `segments`."""

    tokens: int
    segments: int | None = None


@dataclass(frozen=True)
class Pass:
    """What a pass left: where each segment lies, and the keys and values of every layer."""

    places: dict[Segment, int]
    layers: list[tuple[Tensor, Tensor]]
    positions: Tensor


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
        waiting.extend((later, [*above, left]) for later in reversed(_parts(children, budget)))


def run(
    model: Network, segments: Sequence[Segment], above: Sequence[Pass], *, keep: bool | None = None
) -> tuple[Tensor, Pass]:
    """The hidden states [N, W] of segments whose parents lie in the last pass of `above`, theirs in the one before.

    Keys and values are kept where something goes on from them, or as `keep` says.
    """
    keep = any(segment.children for segment in segments) if keep is None else keep
    device = model.output_weight.device
    places, total = {}, 0
    for segment in segments:
        places[segment] = total
        total += len(segment.ids)
    ids = torch.tensor([token for segment in segments for token in segment.ids], device=device)
    positions = torch.cat([torch.arange(segment.start, segment.end) for segment in segments]).to(device)
    windows = [block.attention.window for block in model.own_blocks]
    reaching = any(window is not None and int(positions.max()) >= window for window in windows)
    heads = model.architecture.heads
    own = [Span(place, place + len(one.ids), place, place + len(one.ids), own=True) for one, place in places.items()]
    reaches = [reaches_of(own, heads, device, (positions, positions) if reaching else None)]
    parents: Sequence[Segment | None] = segments
    for earlier in reversed(above):
        parents = [None if parent is None else parent.parent for parent in parents]
        both = (positions, earlier.positions) if reaching else None
        reaches.append(reaches_of(list(_spans(segments, parents, places, earlier)), heads, device, both))
    layers = [
        Branches(reaches, [earlier.layers[number] for earlier in reversed(above)])
        for number in range(model.architecture.layers)
    ]
    hidden = model.embed(ids[None], positions)
    turns = model.turns(positions, hidden.dtype)
    for block, layer in zip(model.own_blocks, layers, strict=True):
        hidden = block(hidden, positions, turns[block.rotary], layer)
        if not keep:
            layer.kept = None
    kept = [layer.kept for layer in layers if layer.kept is not None]
    return model.norm(hidden)[0], Pass(places, kept, positions)


def _spans(
    segments: Sequence[Segment], parents: Sequence[Segment | None], places: dict[Segment, int], earlier: Pass
) -> Iterator[Span]:
    """What segments see of an earlier pass; neighbours that go on from one segment see it together."""
    start = 0
    for number, (segment, parent) in enumerate(zip(segments, parents, strict=True)):
        end = places[segment] + len(segment.ids)
        if number + 1 < len(segments) and parents[number + 1] is parent:
            continue
        if parent is not None:
            first = earlier.places[parent]
            yield Span(start, end, first, first + len(parent.ids))
        start = end


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

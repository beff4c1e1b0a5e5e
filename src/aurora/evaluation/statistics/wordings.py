"""One benchmark in several wordings: whether one of them tells another story than the rest.

One decision: a wording stands out if it is far above the next best, surely. Wordings differ by some points in any
model; one that a model has read with its answers (contamination) differs by much more, and only there.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aurora.evaluation.statistics.comparisons import compare, holm

FEWEST = 3  # wordings; of two, either could be the odd one
# Between the wordings of a task here, models that never saw it differed by up to 0.08 over the next best.
MARGIN = 0.15
LEVEL = 0.05


@dataclass(frozen=True)
class Standout:
    """A wording whose score lies `above` the next best one's, with the 95 % interval of the difference."""

    wording: str
    next_best: str
    above: float
    low: float
    high: float
    p_value: float


def standout(
    scores: Mapping[str, Sequence[float]], clusters: Sequence[Hashable] | None = None, margin: float = MARGIN
) -> Standout | None:
    """The wording that is surely more than `margin` above all others on the same items, if there is one."""
    if len(scores) < FEWEST:
        return None
    best, second, *_ = sorted(scores, key=lambda wording: float(np.mean(scores[wording])), reverse=True)
    rest = {wording: compare(values, scores[best], clusters) for wording, values in scores.items() if wording != best}
    found = rest[second]
    sure = max(holm({wording: one.p_value for wording, one in rest.items()}).values()) <= LEVEL
    if not sure or min(one.low for one in rest.values()) <= margin:
        return None
    return Standout(best, second, found.difference, found.low, found.high, found.p_value)

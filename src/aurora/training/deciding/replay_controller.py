"""The controller of adaptive replay: from what was forgotten so far to the shares of the next steps.

One decision: it is a pure function of measurements, so ranks, a resumed run and an audit come to the same shares. Its
target tightens over the stage: what a warm-up of the learning rate loses comes back when the rate decays, so early in a
stage more than the budget is allowed, and at its end less.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from aurora.recipe.stages.retention import Retention

# The rise allowed above the final target at a stage's start, relative to the base, because re-warming the learning rate
# raises every loss for a while; it shrinks to nothing at LANDING of the stage, while the decay still has work to
# do.
LATITUDE = 0.04
LANDING = 0.6
# The final target is this much below the budget, relative to the base: other held-out text measures differently by as
# much.
RESERVE = 0.006
# A rise this far from the target, relative to the base, changes a share by as much as one decision may.
FULL_MOVE = 0.025
# How much of the last change of a rise is expected to continue: none overshoots, all of it follows noise.
TREND = 0.5
# Shares are multiples of this, so that the period of a mixture stays short.
GRAIN = 0.0001


def aim(budget: float, progress: float) -> float:
    """The target for the rise of bits per byte at `progress` (0 to 1) of a stage."""
    return budget - RESERVE + LATITUDE * max(0.0, 1 - progress / LANDING)


def next_weights(
    retention: Retention,
    weights: Mapping[str, float],
    rises: Mapping[str, float],
    earlier: Mapping[str, float],
    ahead: float,
) -> dict[str, float]:
    """The weights, which sum to one, for the steps that end at `ahead` (0 to 1) of the stage.

    `weights` are those until now; `rises` are the rises of bits per byte of each replayed source relative to the base,
    and `earlier` those of the measurement before. A share changes by the distance of the extrapolated rise from the
    target, within its bounds; a rise that is not finite changes nothing.
    """
    total = sum(weights.values())
    shares: dict[str, float] = {}
    for source, budget in retention.budget.items():
        share, rise = weights[source] / total, rises.get(source, math.nan)
        trend = TREND * (rise - earlier.get(source, rise))
        expected = rise + trend if math.isfinite(trend) else rise
        distance = (expected - aim(budget, ahead)) / FULL_MOVE if math.isfinite(rise) else 0.0
        changed = share * (1 + retention.largest_move) ** max(-1.0, min(1.0, distance))
        shares[source] = min(retention.most, max(retention.least, changed))
    others = {source: weight for source, weight in weights.items() if source not in shares}
    return _sum_to_one(shares, others)


def _sum_to_one(shares: Mapping[str, float], others: Mapping[str, float]) -> dict[str, float]:
    """The shares, and the rest for the others in their ratio, in whole grains; the largest takes the remainder."""
    grains = {source: max(1, round(share / GRAIN)) for source, share in shares.items()}
    left, total = round(1 / GRAIN) - sum(grains.values()), sum(others.values())
    rest = {source: max(1, int(left * weight / total)) for source, weight in others.items()}
    rest[max(rest, key=lambda source: rest[source])] += left - sum(rest.values())
    return {source: round(count * GRAIN, 4) for source, count in (grains | rest).items()}

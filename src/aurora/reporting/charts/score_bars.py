"""Bars of scores with their intervals, one for each checkpoint, and chance as a line through all of them.

One decision: the interval stands on the bar and chance is drawn over it, so that a score that could be luck looks so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aurora.reporting.charts.figures import box, cut, drawing, rule, words
from aurora.reporting.charts.scales import Scale
from aurora.reporting.page.markup import Html
from aurora.reporting.wording import share

LANE_PIXELS = 24


@dataclass(frozen=True)
class ScoreBar:
    """The score of a checkpoint, from 0 to 1, with its interval if it is known; `series` picks its colour."""

    label: str
    value: float
    interval: tuple[float, float] | None
    series: str


def score_bars(identity: str, title: str, bars: Sequence[ScoreBar], chance: float | None) -> Html:
    """Scores of one task."""
    ends = [end for bar in bars for end in (bar.value, *(bar.interval or ()))]
    across = Scale(0, max([1.0, *ends]), 27, 84)
    bottom = len(bars) * LANE_PIXELS + 4
    shapes: list[Html] = [rule(27, 0, 27, bottom, "axis")]
    for row, bar in enumerate(bars):
        y = row * LANE_PIXELS + 14.0
        shapes += [
            words(0, y + 4, cut(bar.label), kind="muted"),
            box(27, 84, y - 6, 12, "track"),
            box(27, max(27.4, across(bar.value)), y - 6, 12, f"fill {bar.series}"),
            words(100, y + 4, share(bar.value), "end", "figure-number"),
        ]
        if bar.interval:
            low, high = map(across, bar.interval)
            # A light line under each dark one keeps the whisker visible on its bar.
            for kind in ("whisker-halo", "whisker"):
                shapes += [rule(low, y, high, y, kind)]
                shapes += [rule(end, y - 3, end, y + 3, kind) for end in (low, high)]
    if chance is not None:
        x = across(chance)
        anchor = "end" if x > 70 else "start" if x < 40 else "middle"
        shapes += [
            rule(x, 0, x, bottom + 2, "reference"),
            words(x, bottom + 15, f"chance {share(chance)}", anchor, "muted small"),
        ]
    described = "; ".join(f"{bar.label} {share(bar.value)}" for bar in bars)
    return drawing(identity, title, f"{described}.", bottom + (20 if chance is not None else 4), *shapes)

"""Charts of changes with their intervals, drawn as inline SVG: how much, which way, and how sure.

One decision: the interval is drawn widest, and the figure is a mark on it, so that a reader first sees how uncertain it
is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aurora.reporting.charts.figures import drawing, mark, rule, words
from aurora.reporting.charts.scales import Scale, ticks
from aurora.reporting.page.markup import Html
from aurora.reporting.wording import signed

HEAD_PIXELS, LANE_PIXELS = 22, 14  # of a row's label, and of each of its lanes


@dataclass(frozen=True)
class Estimate:
    """A change with its interval, if it is known, and the shape of its mark."""

    value: float
    interval: tuple[float, float] | None
    shape: str


@dataclass(frozen=True)
class IntervalRow:
    """Changes under one label, and how they are written beside it."""

    label: str
    written: str
    estimates: Sequence[Estimate]


def interval_chart(
    identity: str, title: str, description: str, rows: Sequence[IntervalRow], *, more_is_better: bool = False
) -> Html:
    """Changes left and right of zero, each on its interval, over one scale; less is better, or more."""
    ends = [end for row in rows for it in row.estimates for end in (it.value, *(it.interval or ()))]
    marks = ticks(min([0.0, *ends]), max([0.0, *ends]), 3)  # their labels fit a phone
    across = Scale(marks[0], marks[-1], 4, 96)
    shapes: list[Html] = []
    top = 0.0
    for row in rows:
        height = HEAD_PIXELS + LANE_PIXELS * len(row.estimates)
        for value in marks:
            kind = "axis" if value == 0 else "grid"
            shapes.append(rule(across(value), top + HEAD_PIXELS - 2, across(value), top + height, kind))
        shapes += [
            words(0, top + 14, row.label, kind="strong"),
            words(100, top + 14, row.written, "end", "figure-number"),
        ]
        for lane, estimate in enumerate(row.estimates):
            better = (estimate.value > 0) == more_is_better and estimate.value != 0
            shapes += _estimate(across, top + HEAD_PIXELS + LANE_PIXELS * (lane + 0.5), estimate, better)
        top += height + 6
    labels = [words(across(value), top + 10, signed(value), _anchor(value, marks), "muted small") for value in marks]
    return drawing(identity, title, description, top + 16, *shapes, *labels)


def _estimate(across: Scale, y: float, estimate: Estimate, better: bool) -> list[Html]:
    tone = "change-mark-better" if better else "change-mark-worse"
    shapes = [mark(across(estimate.value), y, estimate.shape, tone)]
    if estimate.interval:
        low, high = map(across, estimate.interval)
        ends = [rule(end, y - 4, end, y + 4, f"interval {tone}") for end in (low, high)]
        shapes = [rule(low, y, high, y, f"interval {tone}"), *ends, *shapes]
    return shapes


def _anchor(value: float, marks: Sequence[float]) -> str:
    return "start" if value == marks[0] else "end" if value == marks[-1] else "middle"

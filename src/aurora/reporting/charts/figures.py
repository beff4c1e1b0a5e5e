"""The report's bar and dot charts, drawn as inline SVG.

One decision: every chart has a title and a description that states its values in words, and colour never carries a
meaning alone: labels, shapes, signs or dashes repeat it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from aurora.reporting.charts.scales import Scale, percent
from aurora.reporting.page.markup import Html, tag

# Narrowest drawing that labels are fitted to, and the width from which more of them are shown (page.css agrees).
NARROW_PIXELS, WIDE_PIXELS = 300, 640
LETTER_PIXELS = 6.6  # mean width of a letter in charts
# Classes of a series beside its colour: page.css draws the same on swatches.
PATTERNS = ("striped", "barred", "dotted")
LANE_LABEL_LETTERS = 12  # longer names of stages are cut, so that the lanes keep room
# The numbers below are pixels from the top of a row, by eye: its label's baseline at 14, its bar from about 20 on.


def drawing(identity: str, title: str, description: str, height: float, *shapes: Html | None, kind: str = "") -> Html:
    """An SVG `height` pixels high and as wide as its place, with accessible text."""
    identity = re.sub(r"[^A-Za-z0-9-]", "-", identity)
    return tag(
        "svg",
        tag("title", title, id=f"{identity}-title"),
        tag("desc", description, id=f"{identity}-desc"),
        *shapes,
        role="img",
        aria_labelledby=f"{identity}-title {identity}-desc",
        width="100%",
        height=f"{height:.0f}",
        class_=f"drawing {kind}".strip(),
    )


def words(x: float, y: float, text: str, anchor: str = "start", kind: str = "") -> Html:
    """Text at `x` percent and `y` pixels."""
    return tag(
        "text",
        text,
        x=percent(x),
        y=f"{y:.1f}",
        text_anchor=None if anchor == "start" else anchor,
        class_=kind or None,
    )


def rule(x1: float, y1: float, x2: float, y2: float, kind: str) -> Html:
    """A straight line; x in percent, y in pixels."""
    return tag("line", x1=percent(x1), y1=f"{y1:.1f}", x2=percent(x2), y2=f"{y2:.1f}", class_=kind)


def box(x1: float, x2: float, y: float, height: float, kind: str, radius: int = 1) -> Html:
    """A filled bar from `x1` to `x2` percent."""
    left, width = min(x1, x2), abs(x2 - x1)
    return tag(
        "rect", x=percent(left), y=f"{y:.1f}", width=percent(width), height=f"{height:.0f}", rx=radius, class_=kind
    )


def mark(x: float, y: float, shape: str, kind: str) -> Html:
    """A small symbol (`circle`, `ring`, `diamond`, `square`, `triangle`, `cross`) centred at a place."""
    paths = {
        "diamond": "M0-6 6 0 0 6-6 0Z",
        "square": "M-4.5-4.5h9v9h-9Z",
        "triangle": "M0-5.5 5.5 4.5-5.5 4.5Z",
        "cross": "M-4.5-4.5 4.5 4.5M4.5-4.5-4.5 4.5",
    }
    if shape in paths:
        inner = tag("path", d=paths[shape], class_=f"mark-{shape} {kind}")
    else:
        inner = tag("circle", r="4.5", class_=f"mark-{shape} {kind}")
    return tag("svg", inner, x=percent(x), y=f"{y:.1f}", overflow="visible")


@dataclass(frozen=True)
class Bar:
    """A labelled amount; `series` picks its colour."""

    label: str
    value: float
    written: str
    series: str = "s0"


def bar_chart(identity: str, title: str, description: str, bars: Sequence[Bar]) -> Html:
    """Horizontal bars from zero, each under its label and figure."""
    scale = Scale(0, max([bar.value for bar in bars], default=0.0), 0, 100)
    shapes: list[Html] = []
    for row, bar in enumerate(bars):
        top = row * 38
        shapes += [
            words(0, top + 14, bar.label),
            words(100, top + 14, bar.written, "end", "figure-number"),
            box(0, 100, top + 20, 10, "track"),
            box(0, max(0.3, scale(bar.value)), top + 20, 10, f"fill {bar.series}"),
        ]
    return drawing(identity, title, description, len(bars) * 38, *shapes)


@dataclass(frozen=True)
class Piece:
    """A part of a stack: its share of the whole, and its labels from the longest to the shortest."""

    labels: list[str]
    share: float
    series: str


@dataclass(frozen=True)
class Stack:
    """A whole cut into pieces."""

    label: str
    note: str
    pieces: list[Piece] = field(default_factory=list)


def stacked_bars(identity: str, title: str, description: str, stacks: Sequence[Stack]) -> Html:
    """One full-width bar for each whole, its pieces labelled inside wherever the label fits."""
    shapes: list[Html] = []
    for row, stack in enumerate(stacks):
        top, at = row * 62, 0.0
        shapes += [words(0, top + 15, stack.label, kind="strong"), words(100, top + 15, stack.note, "end", "muted")]
        for piece in stack.pieces:
            width = piece.share * 100
            shapes.append(
                tag(
                    "g",
                    tag("title", piece.labels[0]),
                    box(at, at + width, top + 22, 28, f"fill piece {piece.series}", 0),
                    *_pattern(at, at + width, top + 22, piece.series),
                    _piece_label(at + width / 2, top + 40.5, piece),
                )
            )
            at += width
    return drawing(identity, title, description, len(stacks) * 62 - 8, *shapes)


def _pattern(x1: float, x2: float, y: float, series: str) -> list[Html]:
    """A piece's pattern, under its label: thick dashed lines, as a page that loads nothing has no tiles."""
    named = [name for name in PATTERNS if name in series.split()]
    heights = {"dotted": (7, 14, 21)}
    return [rule(x1, y + at, x2, y + at, f"pattern-{name}") for name in named for at in heights.get(name, (14,))]


def _piece_label(x: float, y: float, piece: Piece) -> list[Html]:
    """The label of a piece: the long or short one where it fits a phone, and more of them on a wide page."""
    phone, desktop = (_longest_fit(piece, piece.share * width) for width in (NARROW_PIXELS, WIDE_PIXELS))
    kind = f"on {piece.series}"
    if phone == desktop:
        return [words(x, y, phone, "middle", kind)] if phone else []
    labels = [words(x, y, desktop, "middle", f"{kind} only-wide")]
    return labels + ([words(x, y, phone, "middle", f"{kind} only-narrow")] if phone else [])


def _longest_fit(piece: Piece, pixels: float) -> str:
    return next((text for text in piece.labels if len(text) * LETTER_PIXELS + 8 <= pixels), "")


@dataclass(frozen=True)
class Lane:
    """One line of a panel: a stage's figure."""

    label: str
    value: float
    written: str
    shape: str
    series: str
    dashed: bool = False


def lane_panel(
    identity: str,
    title: str,
    description: str,
    lanes: Sequence[Lane],
    highest: float,
    reference: tuple[float, str] | None,
) -> Html:
    """Stages of one language from zero to `highest`, and a dashed line at a reference value through all of them."""
    scale = Scale(0, highest, 27, 87)
    bottom = len(lanes) * 24 + 4
    shapes: list[Html] = [rule(27, 0, 27, bottom, "axis")]
    if reference:
        x = scale(reference[0])
        anchor = "end" if x > 70 else "start" if x < 40 else "middle"
        shapes += [rule(x, 0, x, bottom + 2, "reference"), words(x, bottom + 15, reference[1], anchor, "muted small")]
    for row, lane in enumerate(lanes):
        y, x = row * 24 + 14.0, scale(lane.value)
        shapes += [
            words(0, y + 4, cut(lane.label), kind="muted"),
            rule(27, y, x, y, f"stem {lane.series}{' dashed' if lane.dashed else ''}"),
            mark(x, y, lane.shape, lane.series),
            words(100, y + 4, lane.written, "end", "figure-number"),
        ]
    return drawing(identity, title, description, bottom + (20 if reference else 4), *shapes)


def cut(label: str) -> str:
    """A name of a stage, short enough to leave room for what it names."""
    return label if len(label) <= LANE_LABEL_LETTERS else label[: LANE_LABEL_LETTERS - 1] + "…"


@dataclass(frozen=True)
class Change:
    """A relative change of the run, and the control's beside it."""

    label: str
    value: float
    written: str
    control: float | None = None
    control_written: str = ""


def change_chart(identity: str, title: str, description: str, changes: Sequence[Change]) -> Html:
    """Bars to the left (better) and right (worse) of zero; the control as a cross."""
    values = [value for change in changes for value in (change.value, change.control) if value is not None]
    scale = Scale(min([0.0, *values]), max([0.0, *values]), 1.5, 98.5)
    zero, height = scale(0), len(changes) * 44
    any_control = any(change.control is not None for change in changes)
    shapes: list[Html] = []
    for row, change in enumerate(changes):
        top = row * 44
        tone = "better" if change.value < 0 else "worse"
        shapes += [
            words(0, top + 14, change.label, kind="strong"),
            words(78 if any_control else 100, top + 14, change.written, "end", f"figure-number strong tone-{tone}"),
            box(0, 100, top + 21, 14, "track"),
            box(zero, scale(change.value), top + 21, 14, f"change-{tone}"),
            rule(zero, top + 18, zero, top + 38, "axis"),  # not through the figures, which may stand over it
        ]
        if change.control is not None:
            shapes += [
                words(100, top + 14, f"× {change.control_written}", "end", "figure-number tone-control"),
                mark(scale(change.control), top + 28, "cross", "control-mark"),
            ]
    return drawing(identity, title, description, height, *shapes)


@dataclass(frozen=True)
class Rate:
    """A proportion with its interval."""

    value: float
    interval: tuple[float, float] | None


@dataclass(frozen=True)
class RateRow:
    """A proportion before and after, under one label."""

    label: str
    before: Rate
    after: Rate
    written: str


def rate_chart(identity: str, title: str, description: str, rows: Sequence[RateRow]) -> Html:
    """Bars of proportions from 0 to 100 % before and after, with their intervals as whiskers."""
    scale = Scale(0, 1, 1, 99)
    bottom = len(rows) * 54
    shapes: list[Html] = []
    for place in (0, 0.5, 1):
        anchor = "start" if place == 0 else "end" if place == 1 else "middle"
        shapes.append(words(scale(place), bottom + 14, f"{place * 100:.0f}\u202f%", anchor, "muted small"))
    for number, row in enumerate(rows):
        top = number * 54
        shapes += [
            words(0, top + 14, row.label, kind="strong" if number == 0 else ""),
            words(100, top + 14, row.written, "end", "figure-number"),
            *[rule(scale(place), top + 20, scale(place), top + 45, "grid") for place in (0, 0.5, 1)],
            *_rate(scale, top + 21, row.before, "rate-before"),
            *_rate(scale, top + 34, row.after, "rate-after"),
        ]
    return drawing(identity, title, description, bottom + 20, *shapes)


def _rate(scale: Scale, y: float, rate: Rate, kind: str) -> list[Html]:
    shapes = [box(scale(0), max(scale(rate.value), scale(0.006)), y, 10, kind)]
    if rate.interval:
        low, high = scale(rate.interval[0]), scale(rate.interval[1])
        # A light line under each dark one keeps the whisker visible on its bar.
        for kind in ("whisker-halo", "whisker"):
            shapes += [
                rule(low, y + 5, high, y + 5, kind),
                rule(low, y + 2, low, y + 8, kind),
                rule(high, y + 2, high, y + 8, kind),
            ]
    return shapes

"""A radar: several scores of several checkpoints at a glance, as the paper's Figure 1 shows them.

One decision: it is drawn in a box of fixed shape that scales as a whole, since its angles have to stay; marks and
dashes tell the checkpoints apart without colour.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from aurora.reporting.charts.figures import cut
from aurora.reporting.page.markup import Html, tag
from aurora.reporting.wording import share

WIDTH, HEIGHT, RADIUS = 420, 300, 108
FEWEST_AXES, MOST_AXES = 3, 12
RINGS = (0.25, 0.5, 0.75, 1.0)
SHAPES = ("circle", "square", "triangle", "diamond")  # of the marks, and of swatches in page.css
MARKS = {"square": "M-4-4h8v8h-8Z", "triangle": "M0-5 5 4-5 4Z", "diamond": "M0-5.5 5.5 0 0 5.5-5.5 0Z"}
DASHES = (None, "6 3", "2 3", "9 3 2 3")


@dataclass(frozen=True)
class Outline:
    """A checkpoint's scores, one an axis, from 0 to 1; `series` picks its colour."""

    label: str
    values: Sequence[float]
    series: str


def radar(identity: str, title: str, axes: Sequence[str], outlines: Sequence[Outline], chance: Sequence[float]) -> Html:
    """Outlines over axes that start at 0 in the middle and end at 100 %; `chance`, one an axis, is a dashed outline."""
    identity = re.sub(r"[^A-Za-z0-9-]", "-", identity)
    described = "; ".join(
        f"{one.label}: " + ", ".join(f"{axis} {share(value)}" for axis, value in zip(axes, one.values, strict=True))
        for one in outlines
    )
    shapes = [_ring([level] * len(axes), "grid") for level in RINGS]
    for number, axis in enumerate(axes):
        x, y = _place(number, len(axes), 1)
        shapes.append(tag("line", x1=_at(WIDTH / 2), y1=_at(HEIGHT / 2), x2=_at(x), y2=_at(y), class_="grid"))
        shapes.append(_label(number, len(axes), axis))
    for number, one in enumerate(outlines):
        shapes.append(_ring(one.values, f"curve {one.series}", DASHES[number % len(DASHES)]))
        shapes += [
            _mark(*_place(axis, len(axes), value), SHAPES[number % len(SHAPES)], one.series)
            for axis, value in enumerate(one.values)
        ]
    if any(chance):  # over all others, which would hide it where they are at chance
        shapes.append(_ring(chance, "reference"))
    return tag(
        "svg",
        tag("title", title, id=f"{identity}-title"),
        tag("desc", f"{described}.", id=f"{identity}-desc"),
        *shapes,
        role="img",
        aria_labelledby=f"{identity}-title {identity}-desc",
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        class_="drawing radar",
    )


def _place(axis: int, axes: int, value: float) -> tuple[float, float]:
    angle = 2 * math.pi * axis / axes
    reach = RADIUS * min(1.0, max(0.0, value))
    return WIDTH / 2 + reach * math.sin(angle), HEIGHT / 2 - reach * math.cos(angle)


def _at(number: float) -> str:
    return f"{number:.1f}"


def _ring(values: Sequence[float], kind: str, dashes: str | None = None) -> Html:
    places = [_place(axis, len(values), value) for axis, value in enumerate(values)]
    points = " ".join(f"{_at(x)},{_at(y)}" for x, y in [*places, places[0]])
    return tag("polyline", points=points, class_=f"outline {kind}", stroke_dasharray=dashes)


def _label(axis: int, axes: int, text: str) -> Html:
    x, y = _place(axis, axes, 1)
    aside, up = (x - WIDTH / 2) / RADIUS, (y - HEIGHT / 2) / RADIUS
    anchor = "middle" if abs(aside) < 0.2 else "start" if aside > 0 else "end"
    return tag("text", cut(text), x=_at(x + 12 * aside), y=_at(y + 14 * up + 4), text_anchor=anchor)


def _mark(x: float, y: float, shape: str, series: str) -> Html:
    place = f"translate({_at(x)} {_at(y)})"
    if shape == "circle":
        return tag("circle", r="4", transform=place, class_=f"mark-circle {series}")
    return tag("path", d=MARKS[shape], transform=place, class_=f"mark-{shape} {series}")

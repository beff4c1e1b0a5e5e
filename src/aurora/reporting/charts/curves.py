"""The report's line charts, drawn as inline SVG.

One decision: only the curves are stretched to the chart's width; strokes, letters and ticks keep their size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aurora.reporting.charts.figures import LETTER_PIXELS, cut, drawing, rule, words
from aurora.reporting.charts.scales import Scale, nice_step, tick_label, ticks
from aurora.reporting.page.markup import Html, join, tag

# The height of a line chart, of the small one of a schedule, and the width that labels are fitted to.
LINE_PIXELS, SCHEDULE_PIXELS, PANEL_PIXELS = 170, 40, 260
LABEL_PIXELS = 14  # of a further row of names under the axis
# Where curves end, in percent; y ticks are written in the rest.
RIGHT = 91.0


@dataclass(frozen=True)
class Line:
    """A curve; a y of None breaks it. `band` are intervals around it, as (x, low, high)."""

    points: list[tuple[float, float | None]]
    series: str
    dashed: bool = False
    band: Sequence[tuple[float, float, float]] = ()


@dataclass(frozen=True)
class Span:
    """A named stretch of the x axis."""

    label: str
    start: float
    end: float


def line_chart(
    identity: str,
    title: str,
    description: str,
    lines: Sequence[Line],
    spans: Sequence[Span],
    reference: float | None = None,
) -> Html:
    """Curves over the spans of one x axis, which starts at zero; y ticks are on the right."""
    seen = [y for line in lines for _, y in line.points if y is not None]
    seen += [end for line in lines for _, low, high in line.band for end in (low, high)]
    seen += [] if reference is None else [reference]
    marks = ticks(min(seen, default=0.0), max(seen, default=1.0))
    down = Scale(marks[0], marks[-1], LINE_PIXELS - 20, 14)
    across = Scale(0, max(span.end for span in spans), 0, RIGHT)
    shapes = [rule(0, down(value), RIGHT, down(value), "axis" if value == marks[0] else "grid") for value in marks]
    named, rows = _spans(spans, across)
    shapes += named
    if reference is not None:
        shapes.append(rule(0, down(reference), RIGHT, down(reference), "reference"))
    shapes.append(_plot(lines, Scale(0, across.high, 0, 100), down, LINE_PIXELS))
    step = nice_step(marks[1] - marks[0], 1)
    shapes += [words(100, down(value) + 4, tick_label(value, step), "end", "muted small") for value in marks]
    return drawing(identity, title, description, LINE_PIXELS + max(0, rows - 1) * LABEL_PIXELS, *shapes)


def _spans(spans: Sequence[Span], across: Scale) -> tuple[list[Html], int]:
    """A thin line where a span ends and its name under the axis, in the first row where it has room; and how many rows
    there are."""
    shapes: list[Html] = []
    taken: list[float] = []  # by row, where its last name ends
    for span in spans:
        left, right = across(span.start), across(span.end)
        if right < RIGHT - 0.1:
            shapes.append(rule(right, 14, right, LINE_PIXELS - 14, "grid"))
        label = cut(span.label)
        half = (len(label) * LETTER_PIXELS + 4) / PANEL_PIXELS * 50
        middle = (left + right) / 2
        centre = min(max(middle, half), 100 - half)
        row = next((row for row, end in enumerate(taken) if end <= centre - half), len(taken))
        taken[row : row + 1] = [centre + half]
        y = LINE_PIXELS - 5 + row * LABEL_PIXELS
        if row:  # its name is not right under it
            shapes.append(rule(middle, LINE_PIXELS - 19, middle, y - 10, "leader"))
        shapes.append(words(centre, y, label, "middle", "muted small"))
    return shapes, len(taken)


def schedule_chart(identity: str, title: str, description: str, line: Line) -> Html:
    """A low curve from zero to its own peak, without ticks: for the form of a schedule."""
    peak = max([y for _, y in line.points if y is not None], default=1.0)
    last = max([x for x, _ in line.points], default=1.0)
    bottom = SCHEDULE_PIXELS - 2.0
    plot = _plot([line], Scale(0, last, 0, 100), Scale(0, peak, bottom, 4), SCHEDULE_PIXELS)
    return drawing(identity, title, description, SCHEDULE_PIXELS, rule(0, bottom, RIGHT, bottom, "axis"), plot)


def _plot(lines: Sequence[Line], across: Scale, down: Scale, height: int) -> Html:
    """The curves in a box 100 units wide that is stretched to its place."""
    curves = [_band(line, across, down) for line in lines if len(line.band) > 1]
    for line in lines:
        kind = f"curve {line.series}{' dashed' if line.dashed else ''}"
        for run in _unbroken(line.points):
            corners = " ".join(f"{across(x):.2f},{down(y):.1f}" for x, y in run)
            curves.append(tag("polyline", points=corners, class_=kind))
    return Html(
        f'<svg viewBox="0 0 100 {height}" preserveAspectRatio="none" width="{RIGHT}%" height="{height}">'
        f"{join(*curves)}</svg>"
    )


def _band(line: Line, across: Scale, down: Scale) -> Html:
    """The area of a line's intervals: along their lower ends and back along the upper ones."""
    ends = [(x, low) for x, low, _ in line.band] + [(x, high) for x, _, high in reversed(line.band)]
    corners = " ".join(f"{across(x):.2f},{down(y):.1f}" for x, y in ends)
    return tag("polygon", points=corners, class_=f"band {line.series}")


def _unbroken(points: Sequence[tuple[float, float | None]]) -> list[list[tuple[float, float]]]:
    runs: list[list[tuple[float, float]]] = [[]]
    for x, y in points:
        if y is not None:
            runs[-1].append((x, y))
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if len(run) > 1]

"""Tasks that networks were asked while they were trained, over the tokens of all stages.

One decision: every score stands in the area of its interval, with chance as a line through it, so that a curve that
wanders within what few items leave unknown looks so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aurora.reporting.charts.curves import Line, Span, line_chart
from aurora.reporting.page.components import Palette, Row, figure, table
from aurora.reporting.page.markup import Html, join, tag
from aurora.reporting.schema import AskedPoint, AskedScore, Report
from aurora.reporting.wording import compact, share

Unit = tuple[str, str]  # a task and a form
Track = list[tuple[int, AskedScore]]  # with the tokens of all stages before it
MOST_PANELS = 24  # the table has all


def asked_figure(report: Report, palette: Palette) -> Html | None:
    """A panel for each form of a task, or None where nothing was asked twice."""
    run, control = _tracks(report, control=False), _tracks(report, control=True)
    units = [unit for unit, track in run.items() if len(track) > 1]
    if not units:
        return None
    spans = spans_of(report)
    note = "Right answers, in percent, with 95 % intervals over the items. Dotted: chance."
    note += f" Dashed: the control {report.control.name}." if control and report.control else ""
    note += f" The first {MOST_PANELS} of {len(units)}; the table has all." if len(units) > MOST_PANELS else ""
    panels = [_panel(unit, run[unit], control.get(unit, []), spans, palette) for unit in units[:MOST_PANELS]]
    return figure(
        "Tasks as training went on", tag("div", panels, class_="panels"), note=note, data=_table(report, units)
    )


def spans_of(report: Report) -> list[Span]:
    """The stages of a run one after another, in tokens."""
    spans: list[Span] = []
    for stage in report.stages:
        done = spans[-1].end if spans else 0
        spans.append(Span(stage.name, done, done + stage.tokens))
    return spans


def _tracks(report: Report, *, control: bool) -> dict[Unit, Track]:
    """By task and form the scores of the run, or those of the control, which branches off where its stage begins."""
    found: dict[Unit, Track] = {}
    for stage, span in zip(report.stages, spans_of(report), strict=True):
        beside = report.control.asked if report.control and report.control.stage == stage.name else []
        for point in beside if control else stage.asked:
            for score in point.scores:
                found.setdefault((score.task, score.form), []).append((int(span.start) + point.tokens, score))
    return found


def _panel(unit: Unit, track: Track, aside: Track, spans: Sequence[Span], palette: Palette) -> Html:
    name = ", ".join(unit)
    first, last = track[0][1], track[-1][1]
    series = palette.series(last.language)
    lines = [_line(track, series)] + ([_line(aside, series, dashed=True)] if aside else [])
    described = f"From {_written(first)} to {_written(last)}, of {last.items:,} items."
    described += f" The control ends at {_written(aside[-1][1])}." if aside else ""
    described += f" Chance is {share(last.chance)}." if last.chance is not None else ""
    title = f"{name}, right answers during training"
    chance = None if last.chance is None else last.chance * 100
    chart = line_chart(f"asked-{'-'.join(unit)}", title, described, lines, spans, chance)
    scores = tag("span", f" {share(first.score)} → {share(last.score)}", class_="muted")
    return tag("div", tag("h3", name, scores), chart, class_="panel")


def _line(track: Track, series: str, *, dashed: bool = False) -> Line:
    """In percent; the control's interval would hide the run's."""
    points = [(float(tokens), one.score * 100) for tokens, one in track]
    band = [(float(tokens), one.interval[0] * 100, one.interval[1] * 100) for tokens, one in track if one.interval]
    return Line(list(points), series, dashed, () if dashed else band)


def _table(report: Report, units: Sequence[Unit]) -> Html:
    rows: list[Row] = [
        [name, compact(point.tokens), f"{one.task}, {one.form}", f"{one.items:,}", _score(one)]
        for name, point in _points(report)
        for one in point.scores
        if (one.task, one.form) in set(units)
    ]
    return table("Tasks during training", ["stage", "tokens", "task", "items", "score"], rows, (0, 2))


def _points(report: Report) -> Iterator[tuple[str, AskedPoint]]:
    for stage in report.stages:
        yield from ((stage.name, point) for point in stage.asked)
    if report.control:
        yield from ((f"control {report.control.name}", point) for point in report.control.asked)


def _score(one: AskedScore) -> Html:
    return join(share(one.score), tag("small", _interval(one)))


def _written(one: AskedScore) -> str:
    return f"{share(one.score)}{_interval(one)}"


def _interval(one: AskedScore) -> str:
    return f" [{share(one.interval[0])}, {share(one.interval[1])}]" if one.interval else ""

"""The training curves: held-out bits per byte and tasks through all stages, and each stage's loss and learning rate.

One decision: the control runs beside the stage it repeats, so that forgetting is seen as it happens.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TypeAlias

from aurora.reporting.charts.curves import Line, Span, line_chart, schedule_chart
from aurora.reporting.page.components import Palette, Row, figure, section, table
from aurora.reporting.page.markup import Html, join, tag
from aurora.reporting.schema import CurvePoint, HeldOutPoint, Report, Stage
from aurora.reporting.sections.asked import asked_figure, spans_of
from aurora.reporting.wording import bits, compact, in_order, language_title

# Held-out points, each with the tokens of all stages up to it.
Track: TypeAlias = list[tuple[int, HeldOutPoint]]


def curves_section(report: Report, palette: Palette) -> Html | None:
    """All figures, or None if nothing was recorded."""
    figures = (_held_out_figure(report, palette), asked_figure(report, palette), _loss_figure(report))
    parts = [part for part in figures if part]
    return section("curves", "Training curves", *parts) if parts else None


def _held_out_figure(report: Report, palette: Palette) -> Html | None:
    """One panel a language: the run as a line over all its tokens, the control as a dashed one from where it parts."""
    run, control = _tracks(report)
    counts = Counter(language for _, point in run for language in point.bits_per_byte)
    languages = in_order(language for language, number in counts.items() if number > 1)  # a point alone is no curve
    if not languages:
        return None
    spans = spans_of(report)
    done = int(spans[-1].end)
    panels = [_held_out_panel(language, run, control, spans, report, palette) for language in languages]
    note = f"Over the {compact(done)} tokens of all stages, on a smaller part of the held-out text."
    note += f" Dashed: the control {report.control.name}." if control and report.control else ""
    note += " Dotted: the token bigram on the whole of it." if report.bigram_bits_per_byte else ""
    return figure(
        "Held-out bits per byte as training went on",
        tag("div", panels, class_="panels"),
        note=note,
        data=_held_out_table(report, languages),
    )


def _tracks(report: Report) -> tuple[Track, Track]:
    """Points of the run and of the control, which branches off where its stage begins."""
    run: Track = []
    control: Track = []
    done = 0
    for stage in report.stages:
        if report.control and report.control.stage == stage.name and report.control.held_out_curve:
            control = run[-1:] + [(done + point.tokens, point) for point in report.control.held_out_curve]
        run += [(done + point.tokens, point) for point in stage.held_out_curve]
        done += stage.tokens
    return run, control


def _held_out_panel(
    language: str, run: Track, control: Track, spans: Sequence[Span], report: Report, palette: Palette
) -> Html:
    curve = [(float(tokens), point.bits_per_byte.get(language)) for tokens, point in run]
    aside = [(float(tokens), point.bits_per_byte.get(language)) for tokens, point in control]
    name, series = language_title(language), palette.series(language)
    lines = [Line(curve, series)] + ([Line(aside, series, dashed=True)] if aside else [])
    seen = [value for _, value in curve if value is not None]
    described = f"From {bits(seen[0])} to {bits(seen[-1])}, lowest {bits(min(seen))}."
    after = [value for _, value in aside if value is not None]
    described += f" The control ends at {bits(after[-1])}." if after else ""
    bigram = report.bigram_bits_per_byte.get(language)
    described += f" The bigram needs {bits(bigram)}." if bigram is not None else ""
    title = f"{name}, bits per byte during training"
    chart = line_chart(f"track-{language}", title, described, lines, spans, bigram)
    return tag("div", tag("h3", name), chart, class_="panel")


def _held_out_table(report: Report, languages: Sequence[str]) -> Html:
    curves = [(stage.name, stage.held_out_curve) for stage in report.stages]
    if report.control:
        curves.append((f"control {report.control.name}", report.control.held_out_curve))
    rows: list[Row] = [
        [name, compact(point.tokens), *[bits(point.bits_per_byte.get(language)) for language in languages]]
        for name, curve in curves
        for point in curve
    ]
    bigram = report.bigram_bits_per_byte
    if bigram:
        rows.append(["bigram", "–", *[bits(bigram.get(language)) for language in languages]])
    headings = ["stage", "tokens", *[language_title(language) for language in languages]]
    return table("Held-out bits per byte during training", headings, rows)


def _loss_figure(report: Report) -> Html | None:
    """One panel a stage: training loss, and the learning rate under it."""
    panels: list[Html] = []
    rows: list[Row] = []
    for stage in report.stages:
        losses = [point.loss for point in stage.curve if point.loss is not None]
        if len(losses) < 2:
            continue
        control = report.control.curve if report.control and report.control.stage == stage.name else []
        panels.append(_loss_panel(stage, losses, control))
        rows += [
            [stage.name, compact(point.tokens), bits(point.loss), _rate(point)]
            for point in stage.curve[:: max(1, len(stage.curve) // 10)]
        ]
    if not panels:
        return None
    return figure(
        "Training loss and learning rate",
        tag("div", panels, class_="panels"),
        note="Nats per token on each stage's own mixture: loss does not compare between stages." + _left_out(report),
        data=table("Training curves, about ten points a stage", ["stage", "tokens", "loss", "learning rate"], rows),
    )


def _left_out(report: Report) -> str:
    """A sentence for each stage in which the guard left out steps."""
    return "".join(
        f" The guard left out {stage.steps_left_out:,} steps of {stage.name}; left_out.jsonl names their documents."
        for stage in report.stages
        if stage.steps_left_out
    )


def _loss_panel(stage: Stage, losses: Sequence[float], control: Sequence[CurvePoint]) -> Html:
    lines = [Line([(point.tokens, point.loss) for point in stage.curve], "ink")]
    if control:
        lines.append(Line([(point.tokens, point.loss) for point in control], "ink", dashed=True))
    tokens = f"{compact(stage.tokens)} tokens"
    summary = f"From {bits(losses[0])} to {bits(losses[-1])} nats per token over {tokens}."
    axis = [Span(tokens, 0, max(stage.tokens, 1))]
    return tag(
        "div",
        tag("h3", stage.name, tag("span", f" loss {bits(losses[0])} → {bits(losses[-1])}", class_="muted")),
        line_chart(f"loss-{stage.name}", f"Training loss of {stage.name}", summary, lines, axis),
        _schedule(stage),
        class_="panel",
    )


def _schedule(stage: Stage) -> Html | None:
    rates = [(float(point.tokens), point.learning_rate) for point in stage.curve]
    known = [rate for _, rate in rates if rate is not None]
    if not known:
        return None
    written = f"Learning rate: peak {max(known):.2g}, last {known[-1]:.2g}"
    chart = schedule_chart(f"rate-{stage.name}", f"Learning rate of {stage.name}", f"{written}.", Line(rates, "ink"))
    return join(tag("p", written, class_="note"), chart)


def _rate(point: CurvePoint) -> str:
    return "–" if point.learning_rate is None else f"{point.learning_rate:.2e}"

"""Adaptive replay: what each stage was allowed to forget, what it forgot and gained, and every decision.

One decision: a budget is shown beside the outcome on the text that the controller measured, never on other text, so the
table says whether the controller kept to it.
"""

from __future__ import annotations

from collections.abc import Sequence

from aurora.reporting.charts.curves import Line, Span, line_chart
from aurora.reporting.page.components import Palette, Row, figure, legend, section, table
from aurora.reporting.page.markup import Html, join
from aurora.reporting.schema import Report, Retention, Stage
from aurora.reporting.wording import bits, compact, magnitude, share, signed

LEAD = (
    "Replayed sources have a budget: how far bits per byte on their own held-out text may have risen at a stage's end. "
    "Their shares of the mixture follow what is measured; the other sources get the rest."
)


def retention_section(report: Report, palette: Palette) -> Html | None:
    """The section, or None if no stage has adaptive replay."""
    stages = [(stage, stage.retention) for stage in report.stages if stage.retention is not None]
    if not stages:
        return None
    rows = [row for stage, retention in stages for row in _outcome(stage, retention)]
    headings = ["stage", "source", "budget", "base", "at the end", "since base", "in this stage", "held"]
    outcome = table("Forgotten (+) and gained (−) bits per byte", headings, rows, words=(0, 1, 7))
    return section("retention", "What replay kept", outcome, _shares(stages, palette), lead=LEAD)


def _outcome(stage: Stage, retention: Retention) -> list[Row]:
    rows: list[Row] = []
    for source, change in sorted(retention.changes.items(), key=lambda item: item[0] not in retention.budget):
        budget = retention.budget.get(source)
        held = "–" if budget is None else ("yes" if change <= budget else "no")
        rows.append(
            [
                stage.name,
                source,
                "–" if budget is None else f"+{magnitude(budget)}" if budget else "0",
                bits(retention.base[source]),
                bits(retention.decisions[-1].bits_per_byte[source]),
                signed(change),
                signed(retention.changes_of_stage[source]) if source in retention.changes_of_stage else "–",
                held,
            ]
        )
    return rows


def _shares(stages: Sequence[tuple[Stage, Retention]], palette: Palette) -> Html:
    """Shares of the replayed sources over the tokens of these stages, as steps; and all decisions as a table."""
    sources = sorted({source for _, retention in stages for source in retention.budget})
    points: dict[str, list[tuple[float, float | None]]] = {source: [] for source in sources}
    spans: list[Span] = []
    rows: list[Row] = []
    done = 0
    for stage, retention in stages:
        steps = max((decision.step for decision in retention.decisions), default=1)
        spans.append(Span(stage.name, done, done + stage.tokens))
        for place, decision in enumerate(retention.decisions):
            rows.append([stage.name, compact(decision.step), *_decided(retention, place, sources)])
            if not decision.weights:
                continue
            following = retention.decisions[place + 1].step if place + 1 < len(retention.decisions) else steps
            begin, end = (done + stage.tokens * step / steps for step in (decision.step, following))
            for source in sources:
                held = decision.weights.get(source)
                points[source] += [(begin, held), (end, held)]
        done += stage.tokens
    title = "Shares of replayed sources"
    described = " ".join(
        f"{source}: {share(min(seen))} to {share(max(seen))}."
        for source, line in points.items()
        if (seen := [value for _, value in line if value is not None])
    )
    chart = line_chart(
        "replay", title, described, [Line(line, palette.source(source)) for source, line in points.items()], spans
    )
    headings = ["stage", "step", *[part for source in sources for part in (f"{source} change", "share after")]]
    return figure(
        title,
        chart,
        legend([(palette.source(source), source) for source in sources]),
        note="As decided after each measurement.",
        data=table("Every decision", headings, rows),
    )


def _decided(retention: Retention, place: int, sources: Sequence[str]) -> list[Html | str]:
    decision = retention.decisions[place]
    cells: list[Html | str] = []
    for source in sources:
        measured, base = decision.bits_per_byte.get(source), retention.base.get(source)
        cells.append(signed(measured / base - 1) if measured is not None and base else "–")
        held = decision.weights.get(source)
        cells.append("–" if held is None else join(share(round(held, 3))))
    return cells

"""What a user of the model gets, by language: before and after, each with its interval.

One decision: the model is the one that is shipped, and what it cost stands in the same row as what it gave.
"""

from __future__ import annotations

from collections.abc import Mapping

from aurora.reporting.charts.intervals import Estimate, IntervalRow, interval_chart
from aurora.reporting.compared import Reading, checkpoint_name, read_stages
from aurora.reporting.page.components import Row, figure, legend, section, table
from aurora.reporting.page.markup import Html, join, tag
from aurora.reporting.schema import Rates, Report
from aurora.reporting.sections.tasks import tasks_parts
from aurora.reporting.verdict import judge_text
from aurora.reporting.wording import bits, compact, duration, in_order, language_title, share, signed

Interval = tuple[float, float]
DOSES = (1, 10, 100, 10_000)  # times this run
FEW = 10_000_000  # tokens, for a model that was trained on many billions
SHAPES = {"": "circle", "another domain": "diamond"}


def gets_section(report: Report) -> Html | None:
    """The chart of changes and the table of everything that was measured in a language."""
    reading = read_stages(report)
    if reading.first is reading.last:
        return None
    languages = in_order({*reading.changes, *reading.elsewhere})
    rates = _rates(report)
    return section(
        "gets",
        "What a user gets",
        _chart(reading, languages),
        table(f"{reading.last.name} beside {reading.origin}", *_table(reading, languages, rates)),
        *tasks_parts(report, reading),
        _more(report),
        lead=f"The final model, which is that of {reading.last.name}, beside {reading.origin}. Brackets "
        "and whiskers are 95 % intervals: of bits per byte over the held-out documents, each compared with itself; of "
        "refusals over the prompts. They tell how sure a figure is of this model, not of another run."
        f"{judge_text(report.safety.after) if report.safety else ''}",
    )


def _more(report: Report) -> Html | None:
    """What a published model was given here, and what more would take at the same rate."""
    tokens = sum(stage.tokens for stage in report.stages)
    if report.base is None or not tokens:
        return None
    seconds = sum(stage.seconds for stage in report.stages)
    note = "Training alone, at this run's rate on this machine, which other machines change by factors of thousands."
    if tokens < FEW:
        note = (
            "So few tokens show in which direction bits and refusals move. They do not show fluency in a language, "
            f"which takes thousands of times as many, nor what would be forgotten. {note}"
        )
    rows: list[Row] = [
        [f"{times:,} ×", f"{compact(tokens * times)} tokens", duration(seconds * times)] for times in DOSES
    ]
    headings = ["dose", "tokens of all stages", "time"]
    return join(
        table("What this run was given, and what more would take", headings, rows), tag("p", note, class_="note")
    )


def _chart(reading: Reading, languages: list[str]) -> Html:
    rows = []
    for language in languages:
        found = [
            (Estimate(changes[language], intervals.get(language), SHAPES[where]), signed(changes[language]))
            for where, changes, intervals in _domains(reading)
            if language in changes
        ]
        written = " · ".join(text for _, text in found)
        rows.append(IntervalRow(language_title(language), written, [estimate for estimate, _ in found]))
    title = "Change of bits per byte by language, with intervals"
    described = "; ".join(f"{row.label} {row.written}" for row in rows)
    entries = [("key-circle", "held-out text")] + ([("key-diamond", "another domain")] if reading.elsewhere else [])
    return figure(
        title,
        legend(entries),
        interval_chart("gets", title, f"{described}.", rows),
        note="Left is better: fewer bits. A whisker that crosses zero means that nothing is known to have changed.",
    )


def _domains(reading: Reading) -> list[tuple[str, Mapping[str, float], Mapping[str, Interval]]]:
    last = reading.last
    return [
        ("", reading.changes, last.change_intervals),
        ("another domain", reading.elsewhere, last.change_intervals_other_domain),
    ]


def _table(
    reading: Reading, languages: list[str], rates: tuple[Mapping[str, Rates], Mapping[str, Rates]] | None
) -> tuple[list[str], list[Row]]:
    before, after = reading.first.bits_per_byte, reading.last.bits_per_byte
    headings = ["language", f"bits, {checkpoint_name(reading.first)}", f"bits, {reading.last.name}", "change"]
    headings += ["another domain"] if reading.elsewhere else []
    headings += ["harmful refused", "harmless refused"] if rates else []
    rows: list[Row] = []
    for language in languages:
        row: list[Html | str] = [language_title(language), bits(before.get(language)), bits(after.get(language))]
        for where, changes, intervals in _domains(reading):
            if not where or changes:
                row.append(_change(changes.get(language), intervals.get(language)))
        if rates:
            old, new = (found.get(language) for found in rates)
            row += [_refused(old, new, "refusal"), _refused(old, new, "over_refusal")]
        rows.append(row)
    return headings, rows


def _change(change: float | None, interval: Interval | None) -> Html | str:
    if change is None:
        return "–"
    return _with_interval(signed(change), interval and (signed(interval[0]), signed(interval[1])))


def _refused(before: Rates | None, after: Rates | None, kind: str) -> Html | str:
    """A rate before and after, with the interval of the one after."""
    old, new = (getattr(rates, f"{kind}_rate") if rates else None for rates in (before, after))
    if new is None:
        return "–"
    interval = getattr(after, f"{kind}_interval")
    return _with_interval(f"{share(old)} → {share(new)}", interval and (share(interval[0]), share(interval[1])))


def _with_interval(text: str, interval: tuple[str, str] | None) -> Html | str:
    return join(text, tag("small", f" [{interval[0]}, {interval[1]}]")) if interval else text


def _rates(report: Report) -> tuple[Mapping[str, Rates], Mapping[str, Rates]] | None:
    """Rates by language of what the run is compared with, and of the model that is shipped."""
    safety = report.safety
    if safety is None:
        return None
    before = report.base.safety if report.base and report.base.safety else safety.before
    return before.by_language, safety.after.by_language

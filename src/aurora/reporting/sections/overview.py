"""The top of the page: the verdict, its chart, and what the run shows and does not show.

One decision: a reader who stops after the first screen has seen the worst result as well as the best one.
"""

from __future__ import annotations

from collections.abc import Mapping

from aurora.reporting.charts.figures import Change, change_chart
from aurora.reporting.compared import Reading, checkpoint_name, read_stages
from aurora.reporting.page.components import facts, figure, section, table
from aurora.reporting.page.markup import Html, join, tag
from aurora.reporting.schema import Report, relative_changes
from aurora.reporting.verdict import headline, not_shown, points, shown
from aurora.reporting.wording import bits, compact, count, duration, language_title, signed


def verdict(report: Report) -> Html:
    """Title, findings and the chart of changes."""
    chart = _changes(report, read_stages(report))
    findings = _findings(report)
    return tag(
        "header",
        tag("p", "Aurora run report", tag("span", report.recipe, class_="run-name"), class_="overline"),
        tag("h1", headline(report)),
        tag("p", report.description, class_="description") if report.description else None,
        _key_facts(report),
        tag("div", findings, chart, class_="verdict" if chart else "verdict alone") if findings or chart else None,
        class_="top",
    )


def _key_facts(report: Report) -> Html:
    documents = report.corpus.documents
    pairs = [("wall time", duration(report.seconds))]
    if report.network:
        pairs.append(("parameters", compact(report.network.parameters)))
    pairs += [
        ("tokens trained on", compact(sum(stage.tokens for stage in report.stages))),
        ("documents kept", f"{count(documents.kept)} of {count(documents.given)}"),
    ]
    if report.environment.seed is not None:
        pairs.append(("seed", str(report.environment.seed)))
    return facts([(name, value) for name, value in pairs])


def _findings(report: Report) -> Html | None:
    found = points(report)
    if not found:
        return None
    signs = {"good": "✓", "bad": "!", "plain": "·"}
    spoken = {"good": "as hoped: ", "bad": "take note: ", "plain": ""}
    return tag(
        "ul",
        [
            tag(
                "li",
                tag("span", signs[point.tone], class_="sign", aria_hidden="true"),
                tag(
                    "div",
                    tag(
                        "h2", tag("span", spoken[point.tone], class_="unseen"), point.name, " ", tag("b", point.figure)
                    ),
                    tag("p", point.text),
                ),
                class_=f"finding {point.tone}",
            )
            for point in found
        ],
        class_="findings",
    )


def _changes(report: Report, reading: Reading) -> Html | None:
    """The run in one chart: change of bits per byte by language, with the control's beside it."""
    if reading.first is reading.last or not reading.changes:
        return None
    control = relative_changes(reading.first.bits_per_byte, report.control.bits_per_byte) if report.control else {}
    languages = [language for language in (*reading.old, *reading.new) if language in reading.changes]
    changes = [
        Change(
            language_title(language),
            reading.changes[language],
            signed(reading.changes[language]),
            control.get(language),
            signed(control[language]) if language in control else "",
        )
        for language in languages
    ]
    title = f"Change of bits per byte, {reading.origin} to {reading.last.name}"
    description = "; ".join(
        f"{change.label} {change.written}" + (f", control {change.control_written}" if change.control_written else "")
        for change in changes
    )
    note = "Left is better: fewer bits. Right is worse: forgotten."
    if control and report.control:
        note += f" × is the control {report.control.name}."
    return figure(
        title,
        change_chart("verdict", title, f"{description}.", changes),
        note=note,
        data=_change_table(report, reading, languages),
        fold=False,
    )


def _change_table(report: Report, reading: Reading, languages: list[str]) -> Html:
    columns: list[tuple[str, Mapping[str, float]]] = [
        (checkpoint_name(reading.first), reading.first.bits_per_byte),
        (reading.last.name, reading.last.bits_per_byte),
    ]
    if report.control:
        columns.append(("control", report.control.bits_per_byte))
    if report.bigram_bits_per_byte:
        columns.append(("bigram", report.bigram_bits_per_byte))
    headings = ["language", *[name for name, _ in columns]]
    rows = [
        [language_title(language), *[bits(scores.get(language)) for _, scores in columns]] for language in languages
    ]
    return table("Bits per byte on held-out text", headings, rows)


def limits(report: Report) -> Html:
    """What the run shows and what it does not."""
    return section(
        "shows",
        "What this run shows, and what it does not",
        tag(
            "div",
            tag(
                "div",
                tag("h3", "It shows"),
                tag("ul", [tag("li", tag("strong", f"{word}: "), claim) for word, claim in shown(report)]),
            ),
            tag(
                "div",
                tag("h3", "It does not show"),
                tag("ul", [tag("li", tag("strong", f"{word}: "), claim) for word, claim in not_shown(report)]),
            ),
            class_="columns",
        ),
    )


def contents(entries: list[tuple[str, str]]) -> Html:
    """Links to the sections."""
    links = [tag("li", tag("a", title, href=f"#{identity}")) for identity, title in entries]
    return join(tag("nav", tag("ul", links), aria_label="Sections"))

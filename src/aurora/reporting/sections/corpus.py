"""The corpus section: what was read, kept and lost, by which rule, and where it came from.

One decision: the ledger's sum is checked again here, on the page's own figures, and the page says whether it holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from aurora.languages.lookup import language_name
from aurora.reporting.charts.figures import Bar, Piece, Stack, bar_chart, stacked_bars
from aurora.reporting.page.components import (
    MAX_ROWS,
    Cell,
    Palette,
    Row,
    facts,
    figure,
    folded,
    legend,
    quoted,
    section,
    table,
)
from aurora.reporting.page.markup import Child, Html, join, tag
from aurora.reporting.schema import Corpus, Loss
from aurora.reporting.wording import count, in_order, language_title, megabytes, share

EXCERPT_LETTERS = 160  # as many as the ledger keeps
MAX_BARS = 12  # a phone's screen; the table below the chart has all rules


def corpus_section(corpus: Corpus, palette: Palette) -> Html:
    """Ledger, bytes by language, losses by rule, sources."""
    return section(
        "corpus",
        "The corpus and its losses",
        _ledger(corpus),
        tag("div", _kept(corpus, palette), _losses_figure(corpus), class_="columns"),
        _losses(corpus),
        _by_source(corpus),
        _sources(corpus.sources),
        lead=_sum(corpus),
    )


def _sum(corpus: Corpus) -> str:
    documents = corpus.documents
    total = documents.kept + documents.dropped + documents.quarantined
    text = (
        f"{count(documents.given)} documents in = {count(documents.kept)} kept + {count(documents.dropped)} dropped + "
        f"{count(documents.quarantined)} quarantined. "
    )
    text += (
        "The sum holds: nothing was lost."
        if total == documents.given
        else f"The sum does not hold: {count(abs(documents.given - total))} documents are unaccounted for."
    )
    if corpus.held_out:
        text += (
            f" Of those kept, {count(corpus.held_out.documents)} ({megabytes(corpus.held_out.bytes)}) are held out of "
            "training, chosen by a hash of the document."
        )
    return text


def _ledger(corpus: Corpus) -> Html | None:
    documents = corpus.documents
    if not documents.given:
        return None
    parts = [
        ("kept", documents.kept, "s5"),
        ("dropped", documents.dropped, "s3"),
        ("quarantined", documents.quarantined, "s9"),
    ]
    pieces = [
        Piece([f"{name} {share(number / documents.given)}", name], number / documents.given, kind)
        for name, number, kind in parts
    ]
    title = "Documents kept, dropped and quarantined"
    described = ", ".join(f"{name} {count(number)}" for name, number, _ in parts)
    return figure(
        title,
        stacked_bars("ledger", title, f"{described}.", [Stack("documents", f"{count(documents.given)} in", pieces)]),
        legend([(kind, f"{name} {count(number)}") for name, number, kind in parts]),
    )


def _kept(corpus: Corpus, palette: Palette) -> Html | None:
    languages = in_order(language for language, size in corpus.bytes_kept.items() if size)
    if not languages:
        return None
    bars = [
        Bar(
            language_title(language),
            corpus.bytes_kept[language],
            megabytes(corpus.bytes_kept[language]),
            palette.series(language),
        )
        for language in languages
    ]
    title = "Text kept, by language"
    return figure(
        title,
        bar_chart("kept", title, "; ".join(f"{bar.label} {bar.written}" for bar in bars) + ".", bars),
        note="UTF-8 bytes, held-out documents included.",
        data=table(
            "UTF-8 bytes kept",
            ["language", "bytes"],
            [[language_title(language), count(corpus.bytes_kept[language])] for language in languages],
        ),
    )


def _losses_figure(corpus: Corpus) -> Html | None:
    rules = _by_rule(corpus)
    if not rules:
        return None
    bars = []
    for (step, rule), losses in rules[:MAX_BARS]:
        documents = sum(loss.documents for loss in losses)
        bars.append(Bar(f"{step}: {rule}", documents, count(documents), "s3"))
    title = "Documents dropped, by rule"
    described = "; ".join(f"{bar.label} {bar.written}" for bar in bars)
    note = "Each document is dropped by the first rule it breaks."
    note += f" The {MAX_BARS} rules that drop most." if len(rules) > MAX_BARS else ""
    return figure(title, bar_chart("losses", title, f"{described}.", bars), note=note)


def _losses(corpus: Corpus) -> Html:
    rules = _by_rule(corpus)
    if not rules:
        return tag("p", "No rule dropped a document.")
    rows = [_loss_row(step, rule, losses, corpus.documents.given) for (step, rule), losses in rules]
    headings = ["rule", "documents", "of all", "text", "by language"]
    return join(table("Losses by rule", headings, rows, words=(0, 4)), _examples(corpus))


def _by_rule(corpus: Corpus) -> list[tuple[tuple[str, str], list[Loss]]]:
    """Losses of each (step, rule), the one that drops most first."""
    rules: dict[tuple[str, str], list[Loss]] = {}
    for loss in corpus.losses:
        rules.setdefault((loss.step, loss.rule), []).append(loss)
    return sorted(rules.items(), key=lambda item: (-sum(loss.documents for loss in item[1]), item[0]))


def _loss_row(step: str, rule: str, losses: list[Loss], given: int) -> Row:
    documents = sum(loss.documents for loss in losses)
    languages: Counter[str] = Counter()
    for loss in losses:
        languages[loss.language] += loss.documents
    by_language = ", ".join(
        f"{language_name(language)} {count(number)}" for language, number in languages.most_common()
    )
    return [
        f"{step}: {rule}",
        count(documents),
        share(documents / given) if given else None,
        megabytes(sum(loss.bytes for loss in losses)),
        Cell(by_language, "words"),
    ]


def _examples(corpus: Corpus) -> Html | None:
    if not corpus.examples:
        return None
    rows: list[Row] = [
        [
            f"{example.step}: {example.rule}",
            language_name(example.language),
            quoted(example.excerpt[:EXCERPT_LETTERS], example.language),
            _plain(example.value),
        ]
        for example in corpus.examples
    ]
    caption = "Dropped documents, so that you can judge the rules"
    return folded(
        "Examples of what was dropped", table(caption, ["rule", "language", "begins", "value"], rows, words=range(4))
    )


def _by_source(corpus: Corpus) -> Html | None:
    rows: list[Row] = [
        [
            f"{source}/{language}",
            count(counts.given),
            count(counts.kept),
            count(counts.dropped),
            count(counts.quarantined),
            megabytes(counts.bytes_kept),
            count(counts.held_out_documents),
        ]
        for source, languages in sorted(corpus.by_source.items())
        for language, counts in ((language, languages[language]) for language in in_order(languages))
    ]
    if not rows:
        return None
    headings = ["source", "in", "kept", "dropped", "quarantined", "text kept", "held out"]
    return folded("The ledger by source and language", table("Documents by source and language", headings, rows))


def _sources(sources: Mapping[str, Mapping[str, Any]]) -> Html | None:
    """Where each source comes from: its scalar facts, and a table for each list of records (packages, files)."""
    if not sources:
        return None
    return join(
        tag("h3", "Where the text comes from"),
        [folded(name, _provenance(sources[name])) for name in sorted(sources)],
    )


def _provenance(values: Mapping[str, Any]) -> Html:
    pairs: list[tuple[str, Child]] = []
    tables: list[Html] = []
    for name, value in sorted(values.items()):
        if isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
            tables.append(_records(name, value))
        elif isinstance(value, Mapping) and value and all(isinstance(item, Mapping) for item in value.values()):
            tables.append(_records(name, [{"name": key, **item} for key, item in sorted(value.items())]))
        else:
            pairs.append((name.replace("_", " "), tag("span", _plain(value), class_="value")))
    return join(facts(pairs) if pairs else None, tables)


def _records(name: str, records: list[Mapping[str, Any]]) -> Html:
    """Records as a table: `name` and `version` first, hashes last and in small type."""
    keys = sorted({key for record in records[:MAX_ROWS] for key in record})
    keys.sort(key=lambda key: (key == "sha256", key not in ("name", "file", "path"), key != "version"))
    rows: list[Row] = [
        [Cell(_plain(record.get(key)), "hash" if key == "sha256" else "") for key in keys] for record in records
    ]
    return table(name.replace("_", " "), [key.replace("_", " ") for key in keys], rows, words=range(len(keys)))


def _plain(value: Any) -> str:
    """A JSON value in one line."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, int):
        return count(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_plain(item)}" for key, item in sorted(value.items()))
    if isinstance(value, (list, tuple)):
        return ", ".join(_plain(item) for item in value)
    return str(value)

"""A page about a corpus: what was lost to which rule, by language and source, with examples.

One decision: it is made from the ledger and the quarantined inputs alone, with the sections and style of the report, so
a corpus can be reviewed before anything is trained on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from aurora.corpus.ledger import FILE as LEDGER
from aurora.files import as_written, keep_from_overwriting, read_json, read_json_lines, write_text
from aurora.reporting.page.components import Palette, Row, quoted, section, table
from aurora.reporting.page.frame import document, is_page
from aurora.reporting.page.markup import Html, join, tag
from aurora.reporting.schema import Corpus
from aurora.reporting.sections.corpus import corpus_section
from aurora.reporting.wording import count, in_order, language_title, share
from aurora.run.manifest import files_of

MOST_QUARANTINED = 100  # quarantined inputs that the page shows; all are in quarantined/


def write_corpus_page(folder: Path, page: Path) -> None:
    """Write the page of the corpus in `folder` to `page`; `UserError` where another file than such a page is there."""
    keep_from_overwriting(page, lambda beginning: is_page(beginning, "corpus"))
    with as_written(folder / LEDGER):
        text = render_corpus(read_json(folder / LEDGER), list(islice(_quarantined(folder), MOST_QUARANTINED)))
    write_text(page, text)


def render_corpus(ledger: Mapping[str, Any], quarantined: list[Mapping[str, Any]]) -> str:
    """The whole page from a ledger and the first quarantined inputs."""
    corpus = Corpus.model_validate({key: ledger[key] for key in Corpus.model_fields if key in ledger})
    palette = Palette(in_order(language for language in corpus.bytes_kept if language != "und"))
    parts = [
        tag("h1", "The corpus"),
        corpus_section(corpus, palette),
        _by_language(corpus),
        _changes(ledger.get("changes", {})),
        _broken(quarantined, corpus.documents.quarantined),
    ]
    return document(
        "corpus",
        "The corpus: Aurora",
        "What a corpus kept and lost.",
        tag("main", parts),
        "Made from ledger.json alone.",
    )


def _by_language(corpus: Corpus) -> Html | None:
    """The share of each language's documents that each rule drops; a rule unfair to a language has an uneven row."""
    given: dict[str, int] = {}
    for languages in corpus.by_source.values():
        for language, counts in languages.items():
            given[language] = given.get(language, 0) + counts.given
    lost: dict[str, dict[str, int]] = {}
    for loss in corpus.losses:
        by_language = lost.setdefault(f"{loss.step}: {loss.rule}", {})
        by_language[loss.language] = by_language.get(loss.language, 0) + loss.documents
    columns = in_order(language for language, documents in given.items() if documents)
    if not lost or not columns:
        return None
    rows: list[Row] = [
        [rule, *(share(by_language.get(language, 0) / given[language]) for language in columns)]
        for rule, by_language in sorted(lost.items(), key=lambda item: -sum(item[1].values()))
    ]
    return section(
        "by-language",
        "Losses by language",
        table("Share of a language's documents lost to each rule", ["rule", *map(language_title, columns)], rows),
        lead="Each document is dropped by the first rule it breaks. A fair rule drops about as much of each language.",
    )


def _changes(changes: Mapping[str, Mapping[str, int]]) -> Html | None:
    if not changes:
        return None
    languages = in_order({language for by_language in changes.values() for language in by_language})
    rows: list[Row] = [
        [name, *(count(by_language.get(language, 0)) for language in languages)]
        for name, by_language in changes.items()
    ]
    return section(
        "changes",
        "Changed or labelled",
        table("Pieces or documents, by language", ["what", *map(language_title, languages)], rows),
        lead="Personal data and cut lines are counted by piece, everything else by document. No value is recorded.",
    )


def _broken(quarantined: list[Mapping[str, Any]], number: int) -> Html | None:
    if not quarantined:
        return None
    rows: list[Row] = [
        [item["source"], item["where"], item["error"], quoted(item["excerpt"], "und")] for item in quarantined
    ]
    rest = tag("p", f"{count(number - len(rows))} more are in quarantined/.") if number > len(rows) else None
    return section(
        "quarantined",
        "Quarantined",
        join(table("Inputs that are not documents", ["source", "where", "why", "begins"], rows, words=range(4)), rest),
    )


def _quarantined(folder: Path) -> Iterator[Mapping[str, Any]]:
    for path in files_of(folder, "quarantined/*.jsonl"):
        yield from read_json_lines(path)

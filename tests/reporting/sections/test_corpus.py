"""The corpus section: a ledger that adds up or is said not to, and rules by what they drop."""

from __future__ import annotations

from typing import Any

from aurora.reporting.page.components import Palette
from aurora.reporting.report import render
from aurora.reporting.schema import Report
from aurora.reporting.sections.corpus import EXCERPT_LETTERS, MAX_BARS, corpus_section
from reporting.reading import rows


def page_of(data: dict[str, Any]) -> str:
    return corpus_section(Report.model_validate(data).corpus, Palette(["en", "code"]))


def test_a_ledger_that_does_not_add_up_is_said_to(data: dict[str, Any]) -> None:
    data["corpus"]["documents"]["kept"] -= 5
    assert "The sum does not hold: 5 documents are unaccounted for." in render(data)


def test_the_rule_that_drops_most_comes_first_with_its_languages(data: dict[str, Any]) -> None:
    headings, first, *others = rows(page_of(data), "Losses by rule")
    assert headings == ["rule", "documents", "of all", "text", "by language"]
    assert first[:4] == ["quality: too few words", "10,454", "17.1 %", "0.94 MB"]
    assert first[4].startswith("English 5,210, Finnish 1,881, ")
    assert [row[0] for row in others] == [
        "duplicates: exact",
        "quality: symbols over words",
        "language: not as declared",
    ]


def test_the_chart_holds_the_largest_rules_and_the_table_all(data: dict[str, Any]) -> None:
    loss = data["corpus"]["losses"][0]
    data["corpus"]["losses"] = [
        {**loss, "rule": f"rule {number:02}", "documents": number} for number in range(MAX_BARS + 1)
    ]
    page = page_of(data)
    assert f"The {MAX_BARS} rules that drop most." in page
    assert len(rows(page, "Losses by rule")) == MAX_BARS + 2
    before_losses = page.partition("<caption><span>Losses by rule")[0]
    assert "rule 00" not in before_losses.partition("Documents dropped, by rule")[2]


def test_an_excerpt_is_no_longer_than_the_ledger_keeps(data: dict[str, Any]) -> None:
    data["corpus"]["examples"][0]["excerpt"] = "x" * (EXCERPT_LETTERS + 1)
    (_, (rule, language, begins, _), *_) = rows(page_of(data), "Dropped documents")
    assert (rule, language, begins) == ("quality: too few words", "Finnish", "x" * EXCERPT_LETTERS)


def test_records_of_a_source_are_a_table_with_names_first_and_hashes_last(data: dict[str, Any]) -> None:
    page = page_of(data)
    headings, first, second = rows(page, "packages")
    assert headings == ["name", "version", "license", "sha256"]
    assert first == ["made-up-catalogues", "4.2.1", "BSD-3-Clause", "0f" * 32]
    assert second[0] == "made-up-admin"
    assert "made-up-arrays 2.13.0" in page


def test_an_empty_corpus_has_no_chart_and_says_that_nothing_was_dropped(data: dict[str, Any]) -> None:
    data["corpus"] = {"documents": {"in": 0, "kept": 0, "dropped": 0, "quarantined": 0}, "bytes_kept": {}}
    page = page_of(data)
    assert "No rule dropped a document." in page
    assert "<svg" not in page

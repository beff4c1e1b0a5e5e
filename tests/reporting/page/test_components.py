"""The components of a page: tables that end, texts that are cut, colours that stay with their language."""

from __future__ import annotations

import re
from pathlib import Path

from aurora.reporting.page import components
from aurora.reporting.page.components import Cell, Palette, cut, figure, legend, quoted, section, table
from aurora.reporting.page.markup import tag


def test_a_table_heads_its_rows_and_aligns_its_numbers() -> None:
    page = table("Documents", ["rule", "number"], [["<b>", "5"], [Cell("x", "hash"), None]])
    assert '<th scope="col">rule</th><th scope="col" class="number">number</th>' in page
    assert '<th scope="row">&lt;b&gt;</th><td class="number">5</td>' in page
    assert '<th scope="row" class="hash">x</th><td class="number"></td>' in page
    assert page.startswith('<div class="table" role="region" aria-label="Documents" tabindex="0">')


def test_a_long_table_ends_and_says_where_the_rest_is() -> None:
    rows = [[str(number)] for number in range(components.MAX_ROWS + 1200)]
    page = table("Many", ["n"], rows)
    assert page.count("<tr>") == components.MAX_ROWS + 1
    assert page.endswith('<p class="note">1,200 further rows are in report.json.</p>')
    assert "further rows" not in table("Full", ["n"], rows[: components.MAX_ROWS])


def test_a_figure_has_its_data_folded_or_beside_it() -> None:
    data = table("T", ["a"], [["1"]])
    assert f"<details><summary>The data</summary>{data}</details>" in figure("T", tag("svg"), data=data)
    assert f"<svg></svg>{data}</figure>" in figure("T", tag("svg"), data=data, fold=False)
    assert "<details>" not in figure("T", tag("svg"))


def test_a_section_is_named_by_its_heading() -> None:
    assert section("words", "Words", lead="") == (
        '<section aria-labelledby="words"><h2 id="words">Words</h2></section>'
    )


def test_swatches_are_for_eyes_alone() -> None:
    assert '<li><span class="swatch s1" aria-hidden="true"></span>English</li>' in legend([("s1", "English")])


def test_a_quotation_has_its_language_and_is_not_translated() -> None:
    assert quoted("موسيقى", "ar") == '<span class="quote" lang="ar" translate="no" dir="auto">موسيقى</span>'
    assert quoted("x", "und") == '<span class="quote" translate="no" dir="auto">x</span>'
    assert quoted("a<b", "code") == '<code class="quote" translate="no" dir="ltr">a&lt;b</code>'


def test_a_text_is_cut_only_where_it_is_too_long() -> None:
    assert cut("abcd", 4) == "abcd"
    assert cut("abcde", 4) == "abcd … (the rest is in report.json)"


def test_a_language_has_one_colour_wherever_it_stands() -> None:
    languages = [*"abcdefgh", "code"]
    palette = Palette(languages)
    assert [palette.series(language) for language in languages] == [*(f"s{n}" for n in range(1, 9)), "s1"]
    assert palette.source("web/b") == palette.series("b") == "s2"
    assert palette.source("redteam/pairs") == "s9 striped"
    assert palette.source("redteam/benign") == "s0 barred"
    assert palette.series("unknown") == "s0"


def test_every_colour_is_in_the_style_sheet(root: Path) -> None:
    style = (root / "src/aurora/reporting/data/page.css").read_text(encoding="utf-8")
    for series in (0, *range(1, components.NUM_SERIES + 1), 9):
        assert re.search(rf"\.s{series}\b", style), series

"""The components of every section: headings, tables, figures, legends, folded parts.

One decision: a figure is not complete without its data. Each chart comes with its table, folded or beside it, so nobody
has to read values off a picture; and no table has more than `MAX_ROWS` rows, so that the page stays readable.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from aurora.reporting.page.markup import Child, Html, join, tag
from aurora.reporting.wording import count

MAX_ROWS = 150  # a few screens
MAX_LETTERS = 60_000  # of a quoted text; the effective recipe of the demo is a quarter of it
# Of no language; page.css stripes them, each its own way, so that they tell apart without colour too.
REDTEAM_SERIES = {"redteam/pairs": "s9 striped", "redteam/benign": "s0 barred"}
NUM_SERIES = 8  # colours of page.css that readers can tell apart; a ninth language shares the first one


@dataclass(frozen=True)
class Cell:
    """A table cell with a style of its own."""

    content: Child
    kind: str = ""
    style: str | None = None


Row: TypeAlias = Sequence["Cell | Html | str | None"]


def section(identity: str, title: str, *children: Child, lead: str = "") -> Html:
    """A part of the page under a heading that can be linked to."""
    return tag(
        "section",
        tag("h2", title, id=identity),
        tag("p", lead, class_="lead") if lead else None,
        *children,
        aria_labelledby=identity,
    )


def table(
    caption: str, headings: Sequence[str], rows: Sequence[Row], words: Collection[int] = (0,), rest: str = "report.json"
) -> Html:
    """A table; the columns `words` hold words and the others numbers. The first column heads its row; `rest` names
    where rows are that this page has no room for."""
    shown = rows[:MAX_ROWS]
    head = [
        tag("th", heading, scope="col", class_=None if column in words else "number")
        for column, heading in enumerate(headings)
    ]
    body = [tag("tr", [_cell(cell, column, column not in words) for column, cell in enumerate(row)]) for row in shown]
    note = (
        tag("p", f"{count(len(rows) - len(shown))} further rows are in {rest}.", class_="note")
        if len(rows) > len(shown)
        else None
    )
    built = tag("table", tag("caption", tag("span", caption)), tag("thead", tag("tr", head)), tag("tbody", body))
    return join(tag("div", built, class_="table", role="region", aria_label=caption, tabindex=0), note)


def _cell(cell: Cell | Html | str | None, column: int, is_number: bool) -> Html:
    chosen = cell if isinstance(cell, Cell) else Cell(cell)
    kind = " ".join(part for part in ("number" if is_number else "", chosen.kind) if part) or None
    if column == 0:
        return tag("th", chosen.content, scope="row", class_=kind, style=chosen.style)
    return tag("td", chosen.content, class_=kind, style=chosen.style)


def figure(title: str, *content: Child, note: str = "", data: Html | None = None, fold: bool = True) -> Html:
    """A chart under its title, a note on how to read it, and its data beneath, folded or not."""
    return tag(
        "figure",
        tag("figcaption", tag("strong", title), tag("span", f" {note}") if note else None),
        *content,
        folded("The data", data) if data and fold else data,
    )


def folded(summary: str, *content: Child, open_: bool = False) -> Html:
    """Content that a reader opens; open in print."""
    return tag("details", tag("summary", summary), *content, open="" if open_ else None)


def legend(entries: Sequence[tuple[str, str]]) -> Html:
    """Swatches (`kind` is the class of each) and what they stand for."""
    items = [tag("li", tag("span", class_=f"swatch {kind}", aria_hidden="true"), label) for kind, label in entries]
    return tag("ul", items, class_="legend")


def facts(pairs: Sequence[tuple[str, Child]]) -> Html:
    """Names and values."""
    return tag("dl", [tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs], class_="facts")


def quoted(text: str, language: str, kind: str = "quote") -> Html:
    """Text written by a model or another person, in its own language and direction, set apart from the page's text."""
    shown = cut(text)
    if language == "code":
        return tag("code", shown, class_=kind, translate="no", dir="ltr")
    return tag("span", shown, class_=kind, lang=None if language == "und" else language, translate="no", dir="auto")


def without_blanks(text: str) -> str:
    """`text` with three line breaks and more in a row written as their number: a small model writes screens of them."""
    return re.sub(r"\n{3,}", lambda found: f" ↵×{len(found[0])} ", text)


def cut(text: str, letters: int = MAX_LETTERS) -> str:
    """`text`, or its beginning where it would make the page too long."""
    return text if len(text) <= letters else text[:letters] + " … (the rest is in report.json)"


@dataclass(frozen=True)
class Palette:
    """The same colour for a language everywhere on the page."""

    languages: Sequence[str]

    def series(self, language: str) -> str:
        """Class of a language's colour; unknown ones are grey."""
        if language not in self.languages:
            return "s0"
        return f"s{list(self.languages).index(language) % NUM_SERIES + 1}"

    def source(self, name: str) -> str:
        """Classes of a `SOURCE/LANGUAGE`: its language's colour; what is made of a policy has colours and stripes of
        its own."""
        return REDTEAM_SERIES.get(name) or self.series(name.rsplit("/", 1)[-1])

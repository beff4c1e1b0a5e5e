"""The page of a comparison, from results and their rows alone.

One decision: the verdict comes first and single items last, so that a reader meets an item knowing what it can show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from aurora.files import keep_from_overwriting, write_text
from aurora.reporting.comparison import verdicts
from aurora.reporting.comparison.browsing import browser
from aurora.reporting.comparison.items import items_of
from aurora.reporting.comparison.scores import scores
from aurora.reporting.page.frame import document, is_page
from aurora.reporting.page.markup import Html, tag

Found = Sequence[Mapping[str, Any]]


def check_comparison_page(page: Path) -> None:
    """`UserError` where a file is that is no such page: before hours of work are spent on it."""
    keep_from_overwriting(page, lambda beginning: is_page(beginning, "comparison"))


def write_comparison_page(results: Found, rows: Found, page: Path) -> None:
    """Write the page of several results and the rows that compare them; `UserError` where another file is there."""
    check_comparison_page(page)
    write_text(page, render_comparison(results, rows))


def render_comparison(results: Found, rows: Found) -> str:
    """The whole page."""
    names = [one["name"] for one in results]
    parts: list[Html | None] = [
        verdicts.top(results, rows),
        verdicts.notes(results, rows),
        scores(results, rows),
        verdicts.changes(rows, names),
        browser(items_of(results), names),
        verdicts.models(results),
    ]
    title = verdicts.headline(rows, names)
    script = resources.files("aurora.reporting").joinpath("data/items.js").read_text(encoding="utf-8")
    skip = tag("a", "To the items", href="#items", class_="skip")
    return document(
        "comparison",
        f"{title}: Aurora",
        "Checkpoints on tasks: what was gained, what was forgotten, and every item.",
        Html(skip + tag("main", parts)),
        "Made from the files of results alone. It loads nothing, and runs only the script of its filters.",
        script,
    )

"""Rows of a dataset on the hub, made into items one by one.

One decision: what a row lacks of an item (a number, a language) comes from its place and its set, so a function for a
dataset says only what that dataset has in a form of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from aurora.evaluation.tasks.files import Kind
from aurora.evaluation.tasks.flat import Row, as_dataset, completed


def each(kind: Kind, language: str, rows: Iterable[Row], made: Callable[[Row], Row | None]) -> Any:
    """The items that `made` makes of rows; those that it leaves out are None."""
    found = []
    for number, row in enumerate(rows):
        item = made(row)
        if item is not None:
            found.append(completed({"id": number, "lang": language, **item}, kind))
    return as_dataset(found)


def kept(row: Row, *keys: str) -> Row:
    """The part of a row that is an item's as it stands."""
    return {key: row[key] for key in keys}

"""The keys of a language's file as tables of Markdown, made from the types for docs/language.md.

One decision: a key is described where it is typed, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel

from aurora.languages.language import Language


def key_tables() -> str:
    """A table of keys for the file itself, and one for each table in it."""
    return "\n".join(line for name, table in _tables("", Language) for line in _lines(name, table))


def _tables(name: str, table: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    yield name, table
    for key, field in table.model_fields.items():
        for inner in _models(field.annotation):
            yield from _tables(f"{name}.{key}".removeprefix("."), inner)


def _models(annotation: Any) -> list[type[BaseModel]]:
    """The tables in a type, however they are held."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in get_args(annotation) for found in _models(part)]


def _lines(name: str, table: type[BaseModel]) -> Iterator[str]:
    if name:
        yield from (f"### `{name}`", "")
    yield from ("| key | what it is |", "|---|---|")
    for key, field in table.model_fields.items():
        shown = f"**`{key}`**" if field.is_required() else f"`{key}`"
        yield f"| {shown} | {(field.description or '').replace('|', chr(92) + '|')} |"
    yield ""

"""A recipe merged over the one that it extends, and arguments of the command line over both.

One decision: a layer changes or removes what is below it, and adds only complete entries; so a typing error in a name
never creates a stage or a source.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aurora.errors import UserError
from aurora.nearest import meant
from aurora.recipe.recipe import Recipe
from aurora.recipe.stated.paths import moved
from aurora.shipped import places
from aurora.written.sections import section_at
from aurora.written.yaml_nodes import DEEPEST, LONGEST_KEY, Key, Problem, parse, read_table

COMMAND_LINE = "command line"
# A mixture, or a source of another kind, is replaced whole: merging two would mix weights or keys that were never
# meant together.
REPLACED_WHOLE = "mixture"


@dataclass
class Stated:
    """The values of a recipe, with the place that each came from; relative paths start from the folder of `path`."""

    path: Path
    values: dict[str, Any]
    origins: dict[Key, str] = field(default_factory=dict)

    def place(self, key: Key) -> str:
        """Where a key is stated, or else the table it would stand in: file and line, or the command line."""
        return place_of(key, self.origins, self.path)


def place_of(key: Key, origins: Mapping[Key, str], path: Path) -> str:
    """Where a key is stated, or else the table it would stand in: file and line, or the command line."""
    for length in range(len(key), 0, -1):
        if origin := origins.get(key[:length]):
            file, _, line = origin.rpartition(":")
            return f"{file}, line {line}" if file else origin
    return str(path)


def order(place: str) -> tuple[str, int]:
    """What places are ordered by: file and line."""
    file, _, line = place.rpartition(", line ")
    return file, int(line) if file else 0


def read_layers(path: Path, overrides: tuple[str, ...]) -> Stated:
    """The recipe in a file, laid over the one it extends, under the arguments of the command line."""
    stated = _read(path)
    parent = stated.values.pop("extends", None)
    if parent is not None:
        if not isinstance(parent, str):
            raise UserError(f"{stated.place(('extends',))}: extends names one recipe file, as a text.")
        file = places.find("recipes", parent, path.parent)
        below = _read(file, f"{stated.place(('extends',))}: extends: ")
        if "extends" in below.values:  # so a recipe never extends itself, however far round
            raise UserError(
                f"{below.path}: a recipe that is extended may not itself extend another; name that one instead."
            )
        inherited = moved(below.values, below.path.parent, path.parent)
        stated = Stated(path, _merge(inherited, stated.values), below.origins | stated.origins)
    for override in overrides:
        _override(stated, override)
    return stated


def _read(path: Path, said_at: str = "") -> Stated:
    """The values of one file; `said_at` is where its name is stated, for messages."""
    if os.path.isdir(path):  # noqa: PTH112 (a Path raises for a name that is too long)
        what = "a run" if (path / "recipe.json").is_file() else f"a folder without {places.BEGUN}"
        raise UserError(f"{said_at}{path} is {what}: give the recipe's file, such as {places.BEGUN}.")
    try:
        values, lines = read_table(path, "a recipe")
    except FileNotFoundError as error:
        hint = places.suggestion("recipes", path)
        name = path if said_at else f"The recipe {path}"
        raise UserError(f"{said_at}{name} does not exist: check the path ({hint}).") from error
    return Stated(path, values, {key: f"{path}:{line}" for key, line in lines.items()})


def _merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """`above` laid over `below`: tables merge, null takes an entry away, everything else (and mixtures, and other kinds
    of source) is replaced."""
    merged = dict(below)
    for name, value in above.items():
        old = merged.get(name)
        if value is None and name in merged:
            del merged[name]
        elif isinstance(old, dict) and isinstance(value, dict) and name != REPLACED_WHOLE:
            same_kind = value.get("kind", old.get("kind")) == old.get("kind")
            merged[name] = _merge(old, value) if same_kind else value
        else:
            merged[name] = value
    return merged


def _override(stated: Stated, override: str) -> None:
    """Take up an argument `key.path=value`."""
    name, equals, text = override.partition("=")
    shown = repr(override if len(override) <= 200 else f"{override[:200]}...")
    key = tuple(name.split("."))
    if not equals or not all(0 < len(part) <= LONGEST_KEY for part in key) or len(key) > DEEPEST:
        raise UserError(f"The argument {shown} is not of the form key.path=value.")
    try:
        value = parse(text)
    except Problem as problem:
        raise UserError(f"The value of the argument {shown} cannot be used: {problem.what}.") from problem
    table = _table_of(stated.values, key, shown)
    last = key[-1]
    if isinstance(table, list):
        if not _is_place(last, table):
            raise UserError(f"The argument {shown} names item {last} of a list of {len(table)}.")
        table[int(last)] = value
    elif value is None and last in table:
        del table[last]
    else:
        table[last] = value
    for old in [old for old in stated.origins if old[: len(key)] == key]:
        del stated.origins[old]
    for inner in _keys_below(key, value):
        stated.origins[inner] = COMMAND_LINE


def _table_of(values: dict[str, Any], key: Key, shown: str) -> Any:
    """The table or list that an argument's key lies in; a table that a section may have is made where it is not."""
    table: Any = values
    for depth, part in enumerate(key[:-1], 1):
        if isinstance(table, list) and _is_place(part, table):
            table = table[int(part)]
        elif isinstance(table, dict):
            if part not in table and section_at(Recipe, key[: depth - 1], values) is None:
                what = f"{'.'.join(key[: depth - 1])} has no {part}"
                raise UserError(f"The argument {shown} reaches into nothing: {what} ({meant(part, table)}).")
            table = table.setdefault(part, {})
        if not isinstance(table, dict | list):
            raise UserError(f"The argument {shown} reaches into {'.'.join(key[:depth])}, which is not a table.")
    return table


def _is_place(part: str, items: list[Any]) -> bool:
    """Whether a part of a key is the number of an item; without leading zeros it is at most as long as the last's."""
    return part.isascii() and part.isdigit() and len(part) <= len(str(len(items))) and int(part) < len(items)


def _keys_below(key: Key, value: Any) -> Iterator[Key]:
    yield key
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _keys_below((*key, str(name)), item)

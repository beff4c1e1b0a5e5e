"""Reading a recipe: YAML, the recipe it extends, overrides of the command line, and errors that say where.

One decision: the YAML is read as a tree of nodes with line numbers before it becomes values, so that every value keeps
its origin (file and line, command line, or default) for `--show` and for error messages.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from aurora.errors import UserError
from aurora.files import canonical_json
from aurora.languages import lookup
from aurora.languages.labels import canonical
from aurora.recipe.base import Section
from aurora.recipe.recipe import Recipe
from aurora.recipe.reference import section_at
from aurora.shipped import places
from aurora.yaml_nodes import DEEPEST, LONGEST_KEY, Key, Problem, parse, read_table

COMMAND_LINE = "command line"
# A mixture, or a source of another kind, is replaced whole: merging two would mix weights or keys that were never
# meant together.
REPLACED_WHOLE = "mixture"
LONGEST_MESSAGE = 1000  # characters: some quote what stood there


@dataclass(frozen=True)
class LoadedRecipe:
    """A validated recipe with the place each stated value came from; relative paths start from `base`."""

    recipe: Recipe
    path: Path
    origins: dict[Key, str]

    @property
    def base(self) -> Path:
        """Folder that the recipe's relative paths start from."""
        return self.path.parent

    def take_languages(self) -> None:
        """Make the recipe's files of languages known to the process, in place of those of another recipe."""
        lookup.use([self.base / place for place in self.recipe.languages])

    def show(self) -> str:
        """The effective recipe as YAML, each value with its origin as a comment."""
        return "\n".join(self._lines((), self.recipe.model_dump(mode="json"), "")) + "\n"

    def text(self) -> str:
        """The effective recipe as plain YAML."""
        return yaml.safe_dump(self.recipe.model_dump(mode="json"), sort_keys=False, allow_unicode=True)

    def fingerprint(self) -> str:
        """SHA-256 over everything that can change the result."""
        return hashlib.sha256(canonical_json(self.recipe.numerics())).hexdigest()

    def _lines(self, key: Key, value: Any, indent: str) -> Iterator[str]:
        for name, item in value.items():
            inner = (*key, name)
            if isinstance(item, dict) and item:
                yield f"{indent}{name}:"
                yield from self._lines(inner, item, indent + "  ")
            else:
                scalar = yaml.safe_dump(item, default_flow_style=True, allow_unicode=True, width=10**6)
                scalar = scalar.strip().removesuffix("...").strip()
                yield f"{indent}{name}: {scalar}  # {self._origin(inner)}"

    def _origin(self, key: Key) -> str:
        return self.origins.get(key) or self._origins_of_tags.get(_tags(key), "default")

    @cached_property
    def _origins_of_tags(self) -> dict[Key, str]:
        """The origins by keys in which labels of languages are tags, as the recipe holds them."""
        return {_tags(key): origin for key, origin in self.origins.items()}


def load_recipe(path: Path | str, overrides: Sequence[str] = ()) -> LoadedRecipe:
    """Read, merge and validate a recipe; its files of languages are known to the process from then on.

    `path` is a file, or the name of a recipe that comes with Aurora (`tiny`); so is what a recipe extends. `overrides`
    are `key.path=value` strings whose values are YAML. Raises `UserError` naming file, line and key.
    """
    path = places.find("recipes", path)
    values, origins = _read(path)
    parent = values.pop("extends", None)
    if parent is not None:
        if not isinstance(parent, str):
            raise UserError(f"{_place(('extends',), origins, path)}: extends names one recipe file, as a text.")
        parent_path = places.find("recipes", parent, path.parent)
        parent_values, parent_origins = _read(parent_path)
        if "extends" in parent_values:  # so a recipe never extends itself, however far round
            raise UserError(
                f"{parent_path}: a recipe that is extended may not itself extend another; name that one instead."
            )
        values = _merge(parent_values, values)
        origins = parent_origins | origins
    for override in overrides:
        _override(values, origins, override)
    try:
        recipe = Recipe.model_validate(values)
    except ValidationError as error:
        raise UserError(_sentence(error, values, origins, path)) from error
    loaded = LoadedRecipe(recipe, path, origins)
    loaded.take_languages()
    return loaded


def _read(path: Path) -> tuple[dict[str, Any], dict[Key, str]]:
    try:
        values, lines = read_table(path, "a recipe")
    except FileNotFoundError as error:
        hint = places.suggestion("recipes", path)
        raise UserError(f"The recipe {path} does not exist: check the path ({hint}).") from error
    return values, {key: f"{path}:{line}" for key, line in lines.items()}


def _merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """`above` laid over `below`: tables merge, everything else (and mixtures, and other kinds of source) is
    replaced."""
    merged = dict(below)
    for name, value in above.items():
        old = merged.get(name)
        if isinstance(old, dict) and isinstance(value, dict) and name != REPLACED_WHOLE:
            same_kind = value.get("kind", old.get("kind")) == old.get("kind")
            merged[name] = _merge(old, value) if same_kind else value
        else:
            merged[name] = value
    return merged


def _override(values: dict[str, Any], origins: dict[Key, str], override: str) -> None:
    name, equals, text = override.partition("=")
    shown = repr(override if len(override) <= 200 else f"{override[:200]}...")
    key = tuple(name.split("."))
    if not equals or not all(0 < len(part) <= LONGEST_KEY for part in key) or len(key) > DEEPEST:
        raise UserError(f"The argument {shown} is not of the form key.path=value.")
    try:
        value = parse(text)
    except Problem as problem:
        raise UserError(f"The value of the argument {shown} cannot be used: {problem.what}.") from problem
    table: Any = values
    for depth, part in enumerate(key[:-1], 1):
        table = (
            table[int(part)]
            if isinstance(table, list) and _is_place(part, table)
            else (table.setdefault(part, {}) if isinstance(table, dict) else None)
        )
        if not isinstance(table, (dict, list)):
            raise UserError(f"The argument {shown} reaches into {'.'.join(key[:depth])}, which is not a table.")
    last = key[-1]
    if isinstance(table, list):
        if not _is_place(last, table):
            raise UserError(f"The argument {shown} names item {last} of a list of {len(table)}.")
        table[int(last)] = value
    else:
        table[last] = value
    for old in [old for old in origins if old[: len(key)] == key]:
        del origins[old]
    for inner in _keys_below(key, value):
        origins[inner] = COMMAND_LINE


def _is_place(part: str, items: list[Any]) -> bool:
    """Whether a part of a key is the number of an item; without leading zeros it is at most as long as the last's."""
    return part.isascii() and part.isdigit() and len(part) <= len(str(len(items))) and int(part) < len(items)


def _keys_below(key: Key, value: Any) -> Iterator[Key]:
    yield key
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _keys_below((*key, str(name)), item)


def _sentence(error: ValidationError, values: Mapping[str, Any], origins: Mapping[Key, str], path: Path) -> str:
    """The first problem of a validation as one sentence: where, which key, what is wrong and what to do."""
    # A misspelt key often also makes another one "missing": the misspelling is the cause, so it comes first.
    problems = sorted(error.errors(), key=lambda problem: problem["type"] != "extra_forbidden")
    problem = problems[0]
    location = problem["loc"]
    # What is wrong with a key itself is at the key, which pydantic marks so.
    key = _stated_key(location[:-1] if location[-1:] == ("[key]",) else location, values)
    message = problem["msg"].removeprefix("Value error, ")
    message = message if len(message) <= LONGEST_MESSAGE else f"{message[:LONGEST_MESSAGE]}..."
    named = re.match(r"^([\w./-]+): (.*)$", message, re.DOTALL)
    if problem["type"] == "value_error" and named:
        key, message = (*key, *named[1].split(".")), named[2]
    if problem["type"] == "union_tag_not_found":
        key, problem["type"] = (*key, "kind"), "missing"
    # A name may be anything here: line breaks in it must not make two lines of the sentence.
    dotted = ".".join(part if part.isprintable() else repr(part)[1:-1] for part in key) or "the recipe"
    if problem["type"] == "extra_forbidden":
        what = f"unknown key {dotted} ({_nearest(key[-1], section_at(Recipe, key[:-1], values))})"
    elif problem["type"] == "missing":
        what = f"the key {dotted} is missing"
    else:
        what = f"{dotted}: {message[0].lower()}{message[1:]}"
    more = len(problems) - 1
    return f"{_place(key, origins, path)}: {what}{f', and {more} more problems' if more else ''}."


def _nearest(name: str, section: type[Section] | None) -> str:
    known = list(section.model_fields) if section else []
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean {close[0]}?" if close else f"known keys: {', '.join(known)}"


def _stated_key(location: tuple[int | str, ...], values: Any) -> Key:
    """The location without the union tags that pydantic puts into it."""
    key: list[str] = []
    for depth, part in enumerate(location):
        # A list is a table of its positions here, so that both are looked into the same way.
        table = dict(enumerate(values)) if isinstance(values, list) else values
        if isinstance(table, Mapping) and part in table:
            values = table[part]
        elif depth < len(location) - 1 or (isinstance(table, Mapping) and table.get("kind") == part):
            continue
        key.append(str(part))
    return tuple(key)


def _tags(key: Key) -> Key:
    """A key with the tag in place of each part that may be a label of a language or the name of a store."""
    parts = (part.rpartition("/") for part in key)
    return tuple(f"{source}{slash}{canonical(label) or label}" for source, slash, label in parts)


def _place(key: Key, origins: Mapping[Key, str], path: Path) -> str:
    for length in range(len(key), 0, -1):
        if origin := origins.get(key[:length]):
            file, _, line = origin.rpartition(":")
            return f"{file}, line {line}" if file else origin
    return str(path)

"""Paths in a recipe that is extended: each belongs to the file that states it.

One decision: an inherited path is rewritten relative to the recipe that inherits it, before the two are merged. So
every path of a recipe is relative to one folder.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from aurora.recipe.names import InFolder
from aurora.recipe.recipe import Recipe
from aurora.shipped import places
from aurora.written.sections import section_at


def moved(values: dict[str, Any], old: Path, new: Path) -> dict[str, Any]:
    """`values` stated in the folder `old`, for a recipe in the folder `new`."""
    if old.resolve() == new.resolve():
        return values
    return {name: _moved(value, (name,), values, old, new) for name, value in values.items()}


def _moved(value: Any, key: tuple[str, ...], values: Mapping[str, Any], old: Path, new: Path) -> Any:
    section = section_at(Recipe, key[:-1], values)
    marks = _marks(section, key[-1]) if section is not None else []
    if marks:
        return _each(value, marks[0], old, new)
    if isinstance(value, dict):
        return {name: _moved(item, (*key, name), values, old, new) for name, item in value.items()}
    if isinstance(value, list):
        return [_moved(item, (*key, str(place)), values, old, new) for place, item in enumerate(value)]
    return value


def _marks(section: type[BaseModel], name: str) -> list[InFolder]:
    """What a field says of being a path."""
    field = section.model_fields.get(name)
    if field is None:
        return []
    found: list[Any] = [*field.metadata]
    pending = [field.annotation]
    while pending:
        arguments = get_args(pending.pop())
        found += arguments
        pending += arguments
    return [mark for mark in found if isinstance(mark, InFolder)]


def _each(value: Any, mark: InFolder, old: Path, new: Path) -> Any:
    if isinstance(value, dict):
        return {name: _each(item, mark, old, new) for name, item in value.items()}
    if isinstance(value, list):
        return [_each(item, mark, old, new) for item in value]
    return _path(value, mark, old, new) if isinstance(value, str) else value


def _path(value: str, mark: InFolder, old: Path, new: Path) -> str:
    """A path; a text that may as well be a name elsewhere is one only where there is such a file or folder."""
    place = old / Path(value).expanduser()
    if Path(value).expanduser().is_absolute() or (mark.or_name and not place.exists()):
        return value
    if mark.policy and places.find("policies", value, old) != place:
        return value
    return Path(os.path.relpath(place.parent.resolve() / place.name, new.resolve())).as_posix()

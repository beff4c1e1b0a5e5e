"""Reading a recipe: its files, laid over each other, become one typed recipe, or a list of what is wrong with them.

One decision: every value keeps its origin (file and line, command line, or default), for `--show` and for messages.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from aurora.errors import Mistakes
from aurora.files import canonical_json
from aurora.languages import lookup
from aurora.languages.labels import canonical
from aurora.recipe.recipe import Recipe
from aurora.recipe.stated.layers import order, place_of, read_layers
from aurora.recipe.stated.mending import validated
from aurora.shipped import places
from aurora.written.yaml_nodes import Key


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
        """Put the recipe's language files into force, replacing those of another recipe."""
        lookup.use([self.base / place for place in self.recipe.languages])

    def place(self, key: Key) -> str:
        """Where a key is stated, or else the table it would stand in: file and line, or the command line."""
        return place_of(_tags(key), {_tags(known): origin for known, origin in self.origins.items()}, self.path)

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
    are `key.path=value` strings whose values are YAML. Raises `UserError` naming file, line and key: `Mistakes` of all
    that is wrong, where the files could be read.
    """
    loaded, found = examined(path, overrides)
    if found:
        raise Mistakes(str(loaded.path), found)
    return loaded


def examined(path: Path | str, overrides: Sequence[str] = ()) -> tuple[LoadedRecipe, list[str]]:
    """A recipe, and a sentence for each mistake in it; one with mistakes may not be carried out.

    Raises `Mistakes` where there are so many that nothing else can be asked of it.
    """
    stated = read_layers(places.find("recipes", path), tuple(overrides))
    recipe, mistakes = validated(stated.values)
    placed = sorted(((stated.place(mistake.key), mistake) for mistake in mistakes), key=lambda pair: order(pair[0]))
    found = [mistake.sentence(place) for place, mistake in placed]
    if recipe is None:
        raise Mistakes(str(stated.path), found)
    loaded = LoadedRecipe(recipe, stated.path, stated.origins)
    try:
        loaded.take_languages()
    except Mistakes as error:
        found += error.sentences
    return loaded, found


def _tags(key: Key) -> Key:
    """A key with the tag in place of each part that may be a label of a language or the name of a store."""
    parts = (part.rpartition("/") for part in key)
    return tuple(f"{source}{slash}{canonical(label) or label}" for source, slash, label in parts)

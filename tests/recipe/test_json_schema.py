"""The JSON Schema of a recipe: it takes every recipe that Aurora takes, and marks what editors are to mark."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from aurora.recipe.json_schema import NAME, schema, schema_text
from aurora.written.yaml_nodes import read_table

KINDS = {"object": dict, "array": list, "string": str, "null": type(None), "boolean": bool}


def is_of(kind: str, value: Any) -> bool:
    if kind in ("integer", "number"):
        whole = isinstance(value, int) or (isinstance(value, float) and (kind == "number" or value.is_integer()))
        return whole and not isinstance(value, bool)
    return isinstance(value, KINDS[kind])


def fits(value: Any, piece: dict[str, Any], whole: dict[str, Any]) -> bool:
    """Whether a value fits a piece of a schema, by the words of JSON Schema that ours uses."""
    if "$ref" in piece and not fits(value, whole["$defs"][piece["$ref"].removeprefix("#/$defs/")], whole):
        return False
    kinds = piece.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(is_of(kind, value) for kind in kinds):
        return False
    if "anyOf" in piece and not any(fits(value, choice, whole) for choice in piece["anyOf"]):
        return False
    if "enum" in piece and value not in piece["enum"]:
        return False
    if "const" in piece and value != piece["const"]:
        return False
    if isinstance(value, str) and "pattern" in piece and not re.search(piece["pattern"], value):
        return False
    if isinstance(value, int | float) and not isinstance(value, bool):
        at_least, above = piece.get("minimum", value), piece.get("exclusiveMinimum", value - 1)
        if value < at_least or value <= above or value > piece.get("maximum", value):
            return False
    if isinstance(value, list) and not all(fits(item, piece.get("items", {}), whole) for item in value):
        return False
    if isinstance(value, dict):
        known, others = piece.get("properties", {}), piece.get("additionalProperties", {})
        if not set(piece.get("required", [])) <= value.keys():
            return False
        for key, item in value.items():
            inner = known.get(key, others)
            if inner is False or not fits(item, inner, whole):
                return False
    return True


def accepts(recipe: Any) -> bool:
    return fits(recipe, schema(), schema())


def test_it_takes_every_recipe_that_comes_with_aurora(root: Path) -> None:
    for path in (root / "recipes").glob("*.yaml"):
        assert accepts(read_table(path, "a recipe")[0]), path


def test_every_recipe_names_it_to_editors(root: Path) -> None:
    assert (root / "recipes" / NAME).is_file()
    for path in (root / "recipes").glob("*.yaml"):
        assert path.read_text(encoding="utf-8").startswith(f"# yaml-language-server: $schema={NAME}\n"), path


@pytest.mark.parametrize(
    ("recipe", "taken"),
    [
        ({}, False),
        ({"extends": "tiny"}, True),
        ({"extends": "tiny", "sede": 1}, False),
        ({"extends": "tiny", "stages": {"cap": {"tokens": "400_000"}}}, True),
        ({"extends": "tiny", "stages": {"cap": {"tokens": "many"}}}, False),
        ({"extends": "tiny", "stages": {"cap": None}}, True),
        ({"extends": "tiny", "stages": {"cap": {"tokns": 5}}}, False),
        ({"extends": "tiny", "corpus": {"sources": {"mine": {"kind": "jsonl", "paths": ["a"]}}}}, True),
        ({"extends": "tiny", "corpus": {"sources": {"mine": {"kind": "jsonl", "path": "a"}}}}, False),
        ({"extends": "tiny", "corpus": {"sources": {"mine": {"kind": "jsnl"}}}}, False),
        ({"extends": "tiny", "execution": {"precision": "fp8"}}, False),
    ],
    ids=range(11),
)
def test_it_marks_what_no_recipe_may_say(recipe: dict[str, Any], taken: bool) -> None:
    assert accepts(recipe) is taken


def test_it_says_what_each_key_is() -> None:
    assert schema()["properties"]["seed"]["description"] == "Seed of everything random."
    assert json.loads(schema_text()) == schema()

"""The JSON Schema of a recipe, from the types that validate it: for editors, which complete keys and mark mistakes.

One decision: it tells what may be written, not what must be. A recipe that extends another leaves out whatever that one
states, and null removes what it inherits; so only a recipe that stands alone is asked for its tables, and what is
missing inside of one is said by Aurora itself.
"""

from __future__ import annotations

import json
from typing import Any

from aurora.recipe.recipe import Recipe

NAME = "recipe.schema.json"
# `400_000` is a text to readers of YAML 1.2, and `3e-4` to those of YAML 1.1; both are numbers to us.
_NUMBER = r"^[+-]?[0-9][0-9_]*(\.[0-9_]*)?([eE][+-]?[0-9]+)?$"
_NULL = {"type": "null"}


def schema() -> dict[str, Any]:
    """The schema (draft 2020-12) as a value."""
    made = Recipe.model_json_schema()
    extends = {"type": "string", "description": "A recipe whose values hold where this one states none."}
    alone = {"required": made["required"]}
    found: dict[str, Any] = _readable({**made, "properties": {"extends": extends, **made["properties"]}})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A recipe of Aurora",
        **found,
        "anyOf": [{"required": ["extends"]}, alone],
    }


def schema_text() -> str:
    """The schema as a file, one piece a line, so that a change of the types is a change of few lines."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def _readable(value: Any) -> Any:
    """A table of pydantic's schema, or a value in it, as editors are to read it."""
    if isinstance(value, list):
        return [_readable(item) for item in value]
    if not isinstance(value, dict):
        return value
    found: dict[str, Any] = {}
    for key, item in value.items():
        if key == "properties":
            found[key] = {name: _or_null(_readable(inner)) for name, inner in item.items()}
        elif key == "$defs":
            found[key] = {name: _readable(inner) for name, inner in item.items()}
        elif key == "additionalProperties" and isinstance(item, dict):
            found[key] = _or_null(_readable(item))
        elif key == "oneOf":  # several may match where nothing is required
            found["anyOf"] = _readable(item)
        elif key not in ("required", "discriminator", "title", "minProperties"):  # a title only repeats its key
            found[key] = _readable(item) if key in ("anyOf", "items", "prefixItems") else item
    if found.get("type") in ("integer", "number"):
        found |= {"type": [found["type"], "string"], "pattern": _NUMBER}
    return found


def _or_null(value: dict[str, Any]) -> dict[str, Any]:
    """What a key takes, or null; what is said of the key stays with it."""
    kept: dict[str, Any] = {key: value[key] for key in ("description", "default") if key in value}
    plain = {key: item for key, item in value.items() if key not in kept}
    return {**kept, "anyOf": [*(plain["anyOf"] if [*plain] == ["anyOf"] else [plain]), _NULL]}

"""What pydantic complains of, in the words of whoever wrote a file.

One decision: its messages speak of types, unions and regular expressions, so none is shown; a kind of complaint that is
not known here is told by its value and the key alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import ErrorDetails

from aurora.nearest import nearest

LONGEST_VALUE = 60
FOLLOWS = "default_factory_not_called"  # a default that is made of other keys, of which one is wrong
UNKNOWN, MISSING = "extra_forbidden", "missing"
_WANTED = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "string": "a text",
    "dict": "a table",
    "model": "a table",
    "list": "a list",
    "tuple": "a list",
    "finite": "a finite number",
}
_LIMITS = {
    "greater_than": ("gt", "more than {}"),
    "greater_than_equal": ("ge", "{} or more"),
    "less_than": ("lt", "less than {}"),
    "less_than_equal": ("le", "{} or less"),
}


class Wrong(ValueError):
    """All that is wrong with a table, each as `key below it: what`, or only what."""

    def __init__(self, found: list[str]) -> None:
        super().__init__("; ".join(found))
        self.found = found


def complaint(details: ErrorDetails, form: str = "another form") -> str:
    """What is wrong with a value and what belongs there; `form` says what a text must look like that has a pattern."""
    kind, context, given = details["type"], details.get("ctx", {}), details["input"]
    value = quoted(given)
    if isinstance(error := context.get("error"), ValueError):
        return str(error)
    if kind == "union_tag_invalid":
        tags = [tag.strip(" '") for tag in str(context["expected_tags"]).split(",")]
        return _none_of(str(context["tag"]), tags)
    if kind == "literal_error":
        return _none_of(given, re.findall(r"'([^']*)'", str(context["expected"])) or [str(context["expected"])])
    if kind in _LIMITS:
        name, words = _LIMITS[kind]
        return f"{value} is out of bounds; give {words.format(_number(context[name]))}"
    if kind in ("too_short", "string_too_short"):
        return f"this is empty; give {context['min_length']} or more"
    if kind == "string_pattern_mismatch":
        return f"{value} does not have the form of this key ({form})"
    wanted = _WANTED.get(kind.removesuffix("_type").split("_")[0])
    if wanted is None:
        return f"{value} cannot stand here"
    quote = "; put it in quotes" if wanted == "a text" and isinstance(given, int | float) else ""
    return f"{value} stands where {wanted} belongs{quote}"


def quoted(value: Any) -> str:
    """A value as a file states it, short; of tables and lists what they are."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return repr(value if len(value) <= LONGEST_VALUE else f"{value[:LONGEST_VALUE]}...")
    if isinstance(value, Mapping | list):
        return "a list" if isinstance(value, list) else "a table"
    return str(value)[:LONGEST_VALUE]


def _none_of(given: Any, choices: Sequence[str]) -> str:
    close = nearest(given, choices) if isinstance(given, str) else None
    return f"{quoted(given)} is none of {', '.join(choices)}{f' (did you mean {close}?)' if close else ''}"


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else f"{value:,}"

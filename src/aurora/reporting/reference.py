"""The reference page of report.json, generated from its types.

One decision: a key is documented beside its type (`schema`), so the page cannot become outdated; a test compares the
page in docs/ with this function's.
"""

from __future__ import annotations

import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from aurora.reporting.schema import MAX_CURVE_POINTS, Part, Report

INTRODUCTION = f"""\
# The report

A run ends with two files in its folder: `report.json` is the data, `report.html` the page made from it alone. The page
is one file without scripts that fetches nothing, so it can be mailed, archived and read offline, on a phone and in
print, in light and dark. `aurora report RUN` writes it again from `report.json`;
`aurora report RUN --picture FILE.png` also takes a picture of it with an installed Chromium.

When reading the data, note that:

- Languages are BCP 47 tags, and `code` for program text. Sources are `SOURCE/LANGUAGE`, as in a recipe's mixtures.
- *Bits per byte* is cross-entropy in bits over the UTF-8 bytes of held-out text: fewer is better. Compare a language
  with itself, with the bigram and with the control, not with other languages.
- *Changes* are relative: -0.3 is 30 % fewer bits per byte.
- What was not measured is absent or null, never nan. Curves hold at most {MAX_CURVE_POINTS} points, evenly thinned.
- Keys marked *derived* follow from the others. They are computed when the file is written and ignored when it is read.
- `aurora` refuses unknown keys, so it understands every file that it reads. `schema` is raised when a key changes its
  meaning or is removed; new keys may be added without that.
- Wall times differ between runs; every other figure is the same on the same machine with the same versions.

The tables below are generated from the types by `make docs`.
"""


def report_page() -> str:
    """The page as Markdown: one table for each table of report.json, one row a key."""
    lines = [INTRODUCTION]
    for part in _parts(Report):
        title = "report.json" if part is Report else part.__name__
        lines += [f"## {title}", "", (part.__doc__ or "").strip().replace("\n    ", "\n"), ""]
        lines += ["| key | type | meaning |", "|---|---|---|"]
        lines += _rows(part)
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _rows(part: type[Part]) -> list[str]:
    rows = [
        f"| `{field.alias or name}` | {_type_name(field.annotation)}{'' if field.is_required() else ', optional'} "
        f"| {field.description} |"
        for name, field in part.model_fields.items()
    ]
    derived = [
        f"| `{name}` | {_type_name(field.return_type)}, derived | {field.description} |"
        for name, field in part.model_computed_fields.items()
    ]
    return rows + derived


def _parts(root: type[Part]) -> list[type[Part]]:
    """Every table reachable from `root`, in the order of first mention."""
    parts = [root]
    for part in parts:
        for field in part.model_fields.values():
            parts += [inner for inner in _named(field.annotation) if inner not in parts]
    return parts


def _named(annotation: Any) -> list[type[Part]]:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return [annotation]
    return [part for inner in get_args(annotation) for part in _named(inner)]


def _type_name(annotation: Any) -> str:
    """A type as a reader of JSON would call it."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type_name(arguments[0])
    if origin is Literal:
        return " or ".join(f"`{choice}`" for choice in arguments)
    if origin in (Union, types.UnionType):
        return " or ".join(_type_name(argument) for argument in arguments)
    if origin is dict:
        return f"table of {_type_name(arguments[1])}"
    if origin is list:
        return f"list of {_type_name(arguments[0])}"
    if origin is tuple:
        return "[low, high]"
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    names = {str: "text", int: "integer", float: "number", bool: "true or false", type(None): "null", Any: "any value"}
    return names.get(annotation, str(annotation))

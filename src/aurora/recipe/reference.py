"""The reference page of every key of a recipe, from its types.

One decision: documentation is generated from the same types that validate, so a key cannot exist without its line.
"""

from __future__ import annotations

import json
import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from aurora.recipe.base import Section
from aurora.recipe.names import LONGEST
from aurora.written.yaml_nodes import DEEPEST, LARGEST, LARGEST_NUMBER, MOST_VALUES


def sections_of(annotation: Any) -> list[type[Section]]:
    """Every section type named in an annotation."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return [annotation]
    return [section for inner in get_args(annotation) for section in sections_of(inner)]


def reference_page(root: type[Section]) -> str:
    """The recipe reference as Markdown: one table a section, one row a key."""
    lines = [
        "# Recipe reference",
        "",
        "Generated from the types by `make docs`; every key of a recipe is here. Keys marked *layout* say "
        "where and how to run",
        "and change nothing but the order in which ranks and micro-batches add numbers up; all others are *numerics*, "
        "which a resumed run must match.",
        "",
        "A recipe may say `extends: other.yaml` to take every key it does not state from another recipe "
        "that stands alone;",
        "tables merge key by key, mixtures and sources of another kind are replaced whole, and null takes an "
        "inherited entry away.",
        "`key.path=value` on the command line overrides both. Relative paths start from the folder of the file that "
        "states them.",
        "Only `true` and `false` are neither text nor number: `no` is Norwegian.",
        "",
        "Names (of stages, controls, sources and benchmark sets) are lower-case letters `a-z`, digits, `-` and `_`, "
        "begin with a",
        f"letter or digit and have at most {LONGEST} characters; that of a run may hold single dots as well. A recipe "
        "has at most",
        f"{LARGEST / 1e6:g} MB, nests at most {DEEPEST} levels and, its aliases written out, has at most "
        f"{MOST_VALUES:,} values; whole",
        f"numbers lie within 2^63, others are finite and at most {LARGEST_NUMBER:.0e}. Texts hold no control "
        "characters but",
        "tabs and line breaks.",
        "",
    ]
    for section in _all_sections(root):
        lines += [
            f"## {section.__name__}",
            "",
            (section.__doc__ or "").strip(),
            "",
            "| key | type | default | meaning |",
            "|---|---|---|---|",
        ]
        lines += [_row(name, field) for name, field in section.model_fields.items()]
        lines.append("")
    return "\n".join(lines)


def _all_sections(root: type[Section]) -> list[type[Section]]:
    found: list[type[Section]] = []

    def visit(section: type[Section]) -> None:
        if section in found:
            return
        found.append(section)
        for field in section.model_fields.values():
            for inner in sections_of(field.annotation):
                visit(inner)

    visit(root)
    return found


def _row(name: str, field: FieldInfo) -> str:
    if field.is_required():
        default = "required"
    elif field.default_factory_takes_validated_data:
        default = "from other keys"
    elif field.default_factory is not None or field.default is PydanticUndefined:
        default = "see its table" if sections_of(field.annotation) and get_origin(field.annotation) is None else "empty"
    else:
        default = f"`{json.dumps(field.default, ensure_ascii=False)}`"
    extra = field.json_schema_extra
    mark = " *layout*" if isinstance(extra, dict) and extra.get("layout") else ""
    meaning = (field.description or "").replace("|", "\\|")
    return f"| `{name}` | {_type_name(field.annotation)} | {default} | {meaning}{mark} |"


def _type_name(annotation: Any) -> str:
    """A type as a reader of YAML would call it."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type_name(arguments[0])
    if origin is Literal:
        return " or ".join(f"`{choice}`" for choice in arguments)
    if origin is dict:
        return f"table of {_type_name(arguments[1])}"
    if origin in (list, tuple):
        return f"list of {_type_name(arguments[0])}"
    if origin in (Union, types.UnionType):
        return " or ".join(_type_name(argument) for argument in arguments)
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    names = {str: "text", int: "integer", float: "number", bool: "true or false", type(None): "null"}
    return names.get(annotation, str(annotation))

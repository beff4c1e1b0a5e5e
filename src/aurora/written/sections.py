"""Which type lies at a key of a file that is read into types.

One decision: only types and the kinds that the file states are asked, so it also works on a file that is not valid.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel


def section_at(section: type[BaseModel], key: tuple[str, ...], values: Any) -> type[BaseModel] | None:
    """The section type at `key` in a recipe holding `values` (which choose between kinds of source)."""
    current: Any = section
    for part in key:
        values = (
            values.get(part)
            if isinstance(values, Mapping)
            else (values[int(part)] if isinstance(values, list) else None)
        )
        if isinstance(current, type) and issubclass(current, BaseModel):
            field = current.model_fields.get(part)
            if field is None:
                return None
            current = field.annotation
        else:
            current = _item_type(current)
        kind = values.get("kind") if isinstance(values, Mapping) else None
        current = _chosen(current, kind)
    return current if isinstance(current, type) and issubclass(current, BaseModel) else None


def _item_type(annotation: Any) -> Any:
    for candidate in _members(annotation):
        if get_origin(candidate) in (dict, list):
            return get_args(candidate)[-1]
    return None


def _chosen(annotation: Any, kind: str | None) -> Any:
    """The section among a union's members that has this `kind`, or its only section."""
    members = [member for member in _members(annotation) if isinstance(member, type) and issubclass(member, BaseModel)]
    for member in members:
        if (
            kind is not None
            and "kind" in member.model_fields
            and kind in get_args(member.model_fields["kind"].annotation)
        ):
            return member
    return members[0] if len(members) == 1 else annotation


def _members(annotation: Any) -> Iterator[Any]:
    """Members of a union, through `Annotated`."""
    if get_origin(annotation) is Annotated:
        yield from _members(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, types.UnionType):
        for member in get_args(annotation):
            yield from _members(member)
    else:
        yield annotation

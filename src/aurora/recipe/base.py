"""What every part of a recipe shares: strict typing, and the difference between numerics and layout.

One decision: each field carries its documentation (with unit) in the type, so the reference page, `--show` and
the error messages all read from one place. A field marked `layout` says *where and how* a run executes: the same
sequences, steps and rates, whose sums ranks and micro-batches may add up in another order. Everything else is
*numerics* and is part of the fingerprint that a resumed run must match.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from aurora.written.complaints import Wrong

MOST_THREADS = 4096  # more threads than cores only cost time, and a request for millions kills the process


class Section(BaseModel):
    """A table of the recipe: unknown keys are refused, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=(), allow_inf_nan=False)

    def numerics(self) -> dict[str, Any]:
        """The values that can change the result, as plain JSON types."""
        chosen: dict[str, Any] = {}
        for name, field in type(self).model_fields.items():
            if isinstance(field.json_schema_extra, dict) and field.json_schema_extra.get("layout"):
                continue
            chosen[name] = _numerics(getattr(self, name))
        return chosen


def _numerics(value: Any) -> Any:
    if isinstance(value, Section):
        return value.numerics()
    if isinstance(value, dict):
        return {key: _numerics(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_numerics(item) for item in value]
    return value


def layout(default: Any, description: str, **limits: Any) -> Any:
    """A field that says where or how to run and changes nothing but the order of additions."""
    return Field(default=default, description=description, json_schema_extra={"layout": True}, **limits)


def refuse(found: Iterable[str]) -> None:
    """Raise `Wrong` if there is any problem."""
    if listed := list(found):
        raise Wrong(listed)

"""Functions that torch.compile calls and does not look into.

One decision: a function is marked where it is defined, and hidden from the compiler only once something is compiled,
because torch's own mark imports the compiler, which takes two seconds that a chat would wait for nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, Generic, ParamSpec, TypeVar

import torch

P = ParamSpec("P")
R = TypeVar("R")


class _Untraced(Generic[P, R]):
    """Calls what it marks."""

    def __init__(self, function: Callable[P, R]) -> None:
        update_wrapper(self, function)
        self.call = function

    def __call__(self, *arguments: P.args, **named: P.kwargs) -> R:
        return self.call(*arguments, **named)


_marked: list[_Untraced[Any, Any]] = []


def untraced(function: Callable[P, R]) -> Callable[P, R]:
    """Mark a function that is written by hand for speed, or that speaks to other ranks: it runs as it is."""
    mark = _Untraced(function)
    _marked.append(mark)
    return mark


def hide_untraced() -> None:
    """From now on torch.compile goes around marked functions."""
    while _marked:
        mark = _marked.pop()
        mark.call = torch.compiler.disable(mark.call)  # type: ignore[no-untyped-call]

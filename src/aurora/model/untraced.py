"""Functions that torch.compile calls without tracing them.

One decision: a function is marked where it is defined, and hidden from the compiler only once something is compiled:
torch's own decorator imports the compiler at once, which would cost every chat two seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, Generic, ParamSpec, TypeVar

import torch

P = ParamSpec("P")
R = TypeVar("R")


class _Untraced(Generic[P, R]):
    """A marked function; `call` is what runs, which `hide_untraced` replaces."""

    def __init__(self, function: Callable[P, R]) -> None:
        update_wrapper(self, function)
        self.call = function

    def __call__(self, *arguments: P.args, **named: P.kwargs) -> R:
        return self.call(*arguments, **named)


_marked: list[_Untraced[Any, Any]] = []


def untraced(function: Callable[P, R]) -> Callable[P, R]:
    """Mark a function that is optimised by hand or communicates with other ranks: it runs as it is written."""
    marked = _Untraced(function)
    _marked.append(marked)
    return marked


def hide_untraced() -> None:
    """From now on torch.compile does not trace marked functions."""
    while _marked:
        marked = _marked.pop()
        marked.call = torch.compiler.disable(marked.call)  # type: ignore[no-untyped-call]

"""Functions that are hidden from the compiler: themselves until something is compiled, and then hidden once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from aurora.model import untraced as module
from aurora.model.untraced import hide_untraced, untraced


@pytest.fixture
def hidden(monkeypatch: pytest.MonkeyPatch) -> list[Callable[..., Any]]:
    """What is hidden from here on; the marks of the package are left alone."""
    found: list[Callable[..., Any]] = []

    def disable(function: Callable[..., Any]) -> Callable[..., Any]:
        found.append(function)
        return lambda *arguments: ("hidden", function(*arguments))

    monkeypatch.setattr(module, "_marked", [])
    monkeypatch.setattr(torch.compiler, "disable", disable)
    return found


def test_a_marked_function_is_itself_until_something_is_compiled(hidden: list[Callable[..., Any]]) -> None:
    @untraced
    def doubled(value: int, *, more: int = 0) -> int:
        """Twice as much."""
        return 2 * value + more

    assert (doubled(4), doubled(4, more=1)) == (8, 9)
    assert (doubled.__name__, doubled.__doc__) == ("doubled", "Twice as much.")
    assert not hidden


def test_marked_functions_are_hidden_once_however_often_something_is_compiled(
    hidden: list[Callable[..., Any]],
) -> None:
    def one(value: int) -> int:
        return value

    def other(value: int) -> int:
        return -value

    marked = [untraced(one), untraced(other)]
    hide_untraced()
    hide_untraced()
    assert set(hidden) == {one, other}
    assert len(hidden) == 2
    assert [mark(3) for mark in marked] == [("hidden", 3), ("hidden", -3)]

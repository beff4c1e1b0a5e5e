"""Every bug is found, and a scorer that is right raises no alarm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aurora.evaluation.self_test import running
from aurora.evaluation.self_test.lab import Lab
from aurora.evaluation.self_test.mutants import MUTANTS
from aurora.evaluation.self_test.running import Found, SelfTest, self_test

ROTARY: dict[str, Any] = {"key_value_heads": 2, "family": "llama", "norm": "rms", "rotary": {"base": 500.0}}


@pytest.mark.parametrize("shape", [{}, ROTARY], ids=["multi-query", "grouped-rotary"])
def test_every_bug_is_found_and_nothing_else(make: Callable[..., Lab], shape: dict[str, Any]) -> None:
    lab = make(**shape)
    found = self_test(lab.network, lab.text)
    assert found.alarms == ()
    assert [one.bug for one in found.found if not one.invariant] == []
    assert len(found.found) == len(MUTANTS)
    assert found.passed
    assert found.lines()[-1] == f"{len(MUTANTS)} of {len(MUTANTS)} bugs found, 0 false alarms"


def test_a_false_alarm_and_an_unseen_bug_are_told(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def alarmed(lab: Lab) -> str:
        return "something is wrong"

    monkeypatch.setattr(running, "INVARIANTS", (alarmed,))
    assert not self_test(lab.network, lab.text).passed
    monkeypatch.setattr(running, "INVARIANTS", ())
    unseen = self_test(lab.network, lab.text)
    assert not unseen.passed
    assert "NOT FOUND" in unseen.lines()[0]


def test_a_bug_that_breaks_an_invariant_is_found(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(lab: Lab) -> str:
        raise IndexError("out of range\nand more")

    monkeypatch.setattr(running, "INVARIANTS", (broken,))
    monkeypatch.setattr(running, "MUTANTS", MUTANTS[:1])
    with pytest.raises(IndexError):  # without a bug nothing may break
        self_test(lab.network, lab.text)
    assert running._first(lab, "x") == Found("x", "broken", "IndexError: out of range")
    assert SelfTest((), (Found("x", "broken", "y"),)).passed

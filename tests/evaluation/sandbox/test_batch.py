"""Many programs: in their order, each once, and nothing before the sandbox and the tools are there."""

from __future__ import annotations

import threading

import pytest

from aurora.errors import UserError
from aurora.evaluation.sandbox import batch
from aurora.evaluation.sandbox.batch import ready, run_all
from aurora.evaluation.sandbox.outcome import Limits, Outcome


def test_outcomes_are_in_the_order_of_the_programs(bubblewrap: None) -> None:
    programs = [(f"print({number})", "python") for number in range(12)]
    assert [one.stdout for one in run_all(programs, workers=4)] == [f"{number}\n" for number in range(12)]
    assert run_all([]) == []


def test_the_same_program_is_run_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = []

    def run(program: str, language: str, limits: Limits | None, **how: object) -> Outcome:
        ran.append(program)
        return Outcome("finished", 0, program)

    monkeypatch.setattr(batch, "run", run)
    outcomes = run_all([("1", "python"), ("2", "python"), ("1", "python")], unsafe=True)
    assert [one.stdout for one in outcomes] == ["1", "2", "1"]
    assert sorted(ran) == ["1", "2"]


def test_a_failure_ends_what_runs_and_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = []

    def run(program: str, language: str, limits: Limits | None, *, stop: threading.Event, **how: object) -> Outcome:
        if program == "0":
            raise RuntimeError("a fault of ours")
        stopped.append(stop.wait(30))
        return Outcome("finished", 0)

    monkeypatch.setattr(batch, "run", run)
    with pytest.raises(RuntimeError, match="a fault of ours"):
        run_all([(str(number), "python") for number in range(50)], unsafe=True, workers=2)
    assert len(stopped) < 50
    assert all(stopped)


def test_an_unknown_language_stops_before_the_first_program() -> None:
    with pytest.raises(UserError, match=r"'pyhton' cannot be run; did you mean python\?"):
        ready(["python", "pyhton"], unsafe=True)

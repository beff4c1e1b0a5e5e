"""What is wrong, and what was not run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aurora.evaluation.code import judging
from aurora.evaluation.code.judging import judge
from aurora.evaluation.sandbox.outcome import not_run
from evaluation.code.made import PROBLEMS

PROBLEM, (RIGHT, WRONG, EARLY) = PROBLEMS["python"]


def test_reasons(bubblewrap: None) -> None:
    right, wrong, early, right_again = judge([(PROBLEM, one) for one in (RIGHT, WRONG, EARLY, RIGHT)])
    assert (right.passed, right.why) == (True, "")
    assert right_again == right
    assert (wrong.passed, wrong.why) == (False, "failed: AssertionError")
    assert (early.passed, early.why) == (False, "it ended before its tests did")


def test_a_library_that_is_missing_is_held_against_nobody(bubblewrap: None) -> None:
    problem = replace(PROBLEM, test=f"import no_such_library\n{PROBLEM.test}")
    (one,) = judge([(problem, RIGHT)])
    assert one.passed is None
    assert one.why.startswith("it needs a library that is not here: `import no_such_library` fails with 3.")


def test_a_problem_whose_own_solution_fails_is_not_run(bubblewrap: None) -> None:
    broken = replace(PROBLEM, test="def check(candidate):\n    assert candidate(1) == 3\n", canonical=RIGHT)
    sound = replace(PROBLEM, canonical=RIGHT)
    first, second, third = judge([(broken, WRONG), (sound, WRONG), (broken, "    return 3\n")])
    assert first.passed is None
    assert first.why == "the benchmark's own solution does not pass here (failed: AssertionError)"
    assert (second.passed, third.passed) == (False, True)


def test_a_test_that_tests_itself_tells_nothing(bubblewrap: None) -> None:
    problem = replace(PROBLEM, test=f"{PROBLEM.test}\n\ndef up(x):\n    return 2\n")
    first, second = judge([(problem, WRONG), (problem, RIGHT)])
    assert first == second
    assert (first.passed, first.why) == (None, "its test defines the function that it is to test")


def test_a_sandbox_that_fails_is_no_wrong_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "ready", lambda languages, unsafe: None)
    monkeypatch.setattr(judging, "run_all", lambda programs, *a, **b: [not_run("the sandbox failed")] * len(programs))
    (one,) = judge([(PROBLEM, WRONG)])
    assert (one.passed, one.why) == (None, "the sandbox failed")


def test_nothing_to_judge() -> None:
    assert judge([], unsafe=True) == []

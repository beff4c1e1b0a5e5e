"""Generated functions: run with their tests in the sandbox.

One decision: a program that was not run (its tools are missing, the sandbox failed) has no score. It is left out of the
mean and counted, because it says nothing about the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aurora.evaluation.code import judge, problem_of
from aurora.evaluation.tasks.flat import Row

PASS = "pass"


def passed(doc: dict[str, Any], results: Sequence[str]) -> dict[str, float]:
    """Whether one program passes its tests, for lm-eval's own loop; `judged` does many at once."""
    score = judged([(doc, results[0])])[0]
    return {PASS: float("nan") if score is None else score}


def judged(answers: Sequence[tuple[Row, str]], *, unsafe: bool = False) -> list[float | None]:
    """1 or 0 for each answer to an item, None where it was not run."""
    found = judge([(problem_of(row), completion) for row, completion in answers], unsafe=unsafe)
    return [None if one.passed is None else float(one.passed) for one in found]

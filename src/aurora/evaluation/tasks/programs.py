"""Generated functions: run with their tests in the sandbox.

One decision: a program that was not run (its tools are missing, the sandbox failed) has no score. It is left out of the
mean and counted, because it says nothing about the model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from aurora.evaluation.code import judge, pass_at_k, problem_of
from aurora.evaluation.tasks.flat import Row

PASS = "pass"
KS = (5, 10, 100)
# The lines at the left margin that close a function.
_BRACE, _WORD = re.compile(r"^}.*$", re.MULTILINE), re.compile(r"^end\b.*$", re.MULTILINE)
CLOSING = {f"code:{language}": _BRACE for language in ("cpp", "go", "java", "js", "perl", "php", "rust", "ts")}
CLOSING["code:ruby"] = _WORD


def passed(doc: dict[str, Any], results: Sequence[str]) -> dict[str, float]:
    """Whether one program passes its tests, for lm-eval's own loop; `judged` does many at once."""
    score = judged([(doc, results[0])])[0]
    return {PASS: float("nan") if score is None else score}


def judged(answers: Sequence[tuple[Row, str]], *, unsafe: bool = False) -> list[float | None]:
    """1 or 0 for each answer to an item, None where it was not run."""
    completions = [(problem_of(row), whole_lines(completion, row["lang"])) for row, completion in answers]
    return [None if one.passed is None else float(one.passed) for one in judge(completions, unsafe=unsafe)]


def rates(tries: Sequence[float | None]) -> dict[str, float]:
    """`pass`, and pass@k for each k that there are tries for, of one problem; nothing where no try was run."""
    run = [one for one in tries if one is not None]
    if not run:
        return {}
    right = int(sum(run))
    of_many = {f"{PASS}@{k}": pass_at_k(len(run), right, k) for k in KS if 1 < k <= len(run)}
    return {PASS: right / len(run), **of_many}


def whole_lines(completion: str, language: str) -> str:
    """A completion up to the last line that closes a function, where a language has such lines: one that was cut off in
    the middle of another function would not compile, however right the first is."""
    closing = CLOSING.get(language)
    ends = [match.end() for match in closing.finditer(completion)] if closing else []
    return completion[: ends[-1]] if ends else completion

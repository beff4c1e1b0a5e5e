"""Generated functions: run with their tests in the sandbox.

One decision: a program that was not run (its tools are missing, the sandbox failed) has no score. It is left out of the
mean and counted, because it says nothing about the model. Of many ranks each runs the programs of some problems.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from aurora.evaluation.code import judge, pass_at_k, problem_of
from aurora.evaluation.sandbox.batch import cores
from aurora.evaluation.scorer.answering import shares
from aurora.evaluation.tasks.flat import Row
from aurora.training.process.job import Job

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


def judged(answers: Sequence[tuple[Row, str]], *, unsafe: bool = False, job: Job | None = None) -> list[float | None]:
    """1 or 0 for each answer to an item, None where it was not run; every rank of a `job` runs some and knows all."""
    if job is None or job.ranks == 1:
        return _run(answers, unsafe, None)
    mine = _own(answers, job)
    with job.together():
        scores = _run([answers[number] for number in mine], unsafe, _workers())
    known: dict[int, float | None] = {}
    for part in job.gather(json.dumps(list(zip(mine, scores, strict=True)))):
        known.update(json.loads(part))
    return [known[number] for number in range(len(answers))]


def _own(answers: Sequence[tuple[Row, str]], job: Job) -> list[int]:
    """The numbers of the answers that this rank runs: all tries of a problem, whose own solution may be run once."""
    tries = Counter(str(row["id"]) for row, _ in answers)
    mine = set(shares(range(len(tries)), list(tries.values()), job.ranks)[job.rank])
    places = {problem: place for place, problem in enumerate(tries)}
    return [number for number, (row, _) in enumerate(answers) if places[str(row["id"])] in mine]


def _run(answers: Sequence[tuple[Row, str]], unsafe: bool, workers: int | None) -> list[float | None]:
    completions = [(problem_of(row), whole_lines(completion, row["lang"])) for row, completion in answers]
    found = judge(completions, unsafe=unsafe, workers=workers)
    return [None if one.passed is None else float(one.passed) for one in found]


def _workers() -> int:
    """Programs that this process runs at once, one of some that torchrun started on this machine."""
    return max(1, cores() // int(os.environ.get("LOCAL_WORLD_SIZE", "1")))


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

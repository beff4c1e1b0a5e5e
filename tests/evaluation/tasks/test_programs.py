"""Programs go to the sandbox with their items; what was not run has no score."""

from __future__ import annotations

import math
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from aurora.evaluation.tasks import programs
from aurora.evaluation.tasks.files import read_task
from aurora.evaluation.tasks.flat import read_items
from aurora.evaluation.tasks.programs import judged, passed, rates, whole_lines


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """In place of the sandbox: a program passes if it says so."""
    seen: list[Any] = []

    def judge(problems: Any, unsafe: bool = False) -> list[SimpleNamespace]:
        seen.append((problems, unsafe))
        return [SimpleNamespace(passed={"yes": True, "no": False}.get(said)) for _, said in problems]

    monkeypatch.setattr(programs, "judge", judge)
    monkeypatch.setattr(programs, "problem_of", lambda row: row["id"])
    return seen


def test_each_answer_is_judged_with_its_item(sandbox: list[Any]) -> None:
    answers = [({"id": number, "lang": "code:python"}, one) for number, one in enumerate(["yes", "no", "?"], 1)]
    assert judged(answers) == [1.0, 0.0, None]
    assert sandbox == [([(1, "yes"), (2, "no"), (3, "?")], False)]


def test_one_by_one_for_lm_evals_own_loop(sandbox: list[Any]) -> None:
    assert passed({"id": 1, "lang": "code:go"}, ["yes"]) == {"pass": 1.0}
    assert math.isnan(passed({"id": 1, "lang": "code:go"}, ["?"])["pass"])
    assert len(sandbox) == 2


def test_what_was_begun_behind_the_last_whole_function_is_cut_off() -> None:
    assert whole_lines("    return 1;\n}\n\nint other(int x) {\n  ret", "code:cpp") == "    return 1;\n}"
    assert whole_lines("  1\nend\ndef x\n  y", "code:ruby") == "  1\nend"
    assert whole_lines("    return 1\n    x = {}\n", "code:python") == "    return 1\n    x = {}\n"
    assert whole_lines("  return 1;", "code:js") == "  return 1;"


@pytest.mark.shared
@pytest.mark.parametrize(
    "name", ["humaneval", *(f"humanevalpack_{one}" for one in ("cpp", "go", "java", "js", "python", "rust"))]
)
def test_no_right_solution_is_cut(shared_data: Path, name: str) -> None:
    task = read_task(name)
    stops = task.config("write-1")["generation_kwargs"]["until"]
    cut = []
    for row in read_items(task, shared_data / f"benchmarks/{name}.jsonl.gz").scored:
        said = row["canonical_solution"]
        for stop in stops:
            said = said.split(stop)[0]
        rest = row["canonical_solution"].removeprefix(whole_lines(said, row["lang"]))
        if re.sub(r"^#.*$", "", rest, flags=re.MULTILINE).strip():  # one ends with lines for the preprocessor
            cut.append(row["id"])
    assert cut == []


def test_of_several_tries_pass_at_k_is_told_without_those_that_were_not_run() -> None:
    assert rates([1.0]) == {"pass": 1.0}
    assert rates([None, None]) == {}
    assert rates([1.0, 0.0, None]) == {"pass": 0.5}
    assert rates([1.0, *[0.0] * 9]) == {"pass": 0.1, "pass@5": pytest.approx(0.5), "pass@10": 1.0}

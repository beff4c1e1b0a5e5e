"""Programs go to the sandbox with their items; what was not run has no score."""

from __future__ import annotations

import math
import re
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from aurora.evaluation.tasks import programs
from aurora.evaluation.tasks.files import read_task
from aurora.evaluation.tasks.flat import read_items
from aurora.evaluation.tasks.programs import judged, passed, rates, whole_lines
from aurora.training.process.job import Job


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """In place of the sandbox: a program passes if it says so."""
    seen: list[Any] = []

    def judge(problems: Any, unsafe: bool = False, workers: int | None = None) -> list[SimpleNamespace]:
        seen.append((problems, unsafe))
        return [SimpleNamespace(passed={"yes": True, "no": False}.get(said)) for _, said in problems]

    monkeypatch.setattr(programs, "judge", judge)
    monkeypatch.setattr(programs, "problem_of", lambda row: row["id"])
    return seen


def test_each_answer_is_judged_with_its_item(sandbox: list[Any]) -> None:
    answers = [({"id": number, "lang": "code:python"}, one) for number, one in enumerate(["yes", "no", "?"], 1)]
    assert judged(answers) == [1.0, 0.0, None]
    assert sandbox == [([(1, "yes"), (2, "no"), (3, "?")], False)]


class OneOf(Job):
    """Rank `rank` of `ranks` that never wait: what the others say is told beforehand, rank by rank."""

    def __init__(self, rank: int, ranks: int, said: list[str]) -> None:
        super().__init__(rank, ranks)
        self.said = said

    def gather(self, text: str) -> list[str]:
        if not text:  # nobody has a problem
            return [""] * self.ranks
        self.said[self.rank] = text
        return self.said


@pytest.mark.parametrize("ranks", [1, 2, 3, 5])
def test_ranks_run_the_programs_of_seven_problems_each_once(sandbox: list[Any], ranks: int) -> None:
    """All tries of a problem by one rank; five ranks too, of which some have one problem."""
    answers = [({"id": f"p/{n}", "lang": "code:python"}, "yes" if n % 3 else "no") for n in range(7) for _ in range(2)]
    said = ["[]"] * ranks
    for rank in range(ranks):
        with suppress(KeyError):  # the first ranks do not know yet what the later ones will say
            judged(answers, job=OneOf(rank, ranks, said))
    run = [problem for problems, _ in sandbox for problem, _ in problems]
    assert sorted(run) == sorted(row["id"] for row, _ in answers)
    shared = [{problem for problem, _ in problems} for problems, _ in sandbox]
    assert sum(map(len, shared)) == 7
    assert judged(answers, job=OneOf(0, ranks, said)) == [0.0, 0.0, *([1.0] * 4 + [0.0] * 2) * 2]


def test_the_cores_of_a_machine_are_shared_by_its_ranks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "cores", lambda: 9)
    assert programs._workers() == 9
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "4")
    assert programs._workers() == 2
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "64")
    assert programs._workers() == 1


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

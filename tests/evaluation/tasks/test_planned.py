"""What is asked: tasks and suites by name, with their items, or a sentence about what is missing."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from aurora.errors import UserError
from aurora.evaluation.tasks.planned import Wanted, files_of, plan


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Items of two tasks."""
    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("xed_fi", "mmlu_hi"):
        rows = [
            {"id": f"{n}", "question": f"No. {n}", "choices": ["a", "bc", "d", "e f"], "answer": 1} for n in range(5)
        ]
        (folder / f"{name}.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return folder


def test_tasks_of_a_suite_without_data_are_left_out_by_name_and_others_are_a_mistake(data: Path) -> None:
    planned, left_out = plan(Wanted(suites=("quick",), data=(data,)))
    assert [one.task.name for one in planned] == ["pronouns", "xed_fi", "mmlu_hi"]
    assert left_out[0] == "hellaswag_en"
    assert {one.limit for one in planned} == {100}
    with pytest.raises(UserError, match=r"data has no jsquad.jsonl or .jsonl.gz for the task jsquad"):
        plan(Wanted(tasks=("jsquad",), data=(data,)))
    with pytest.raises(UserError, match="Nothing is to be asked"):
        plan(Wanted(suites=("japanese",), data=(data,)))
    with pytest.raises(UserError, match="Nothing is to be asked"):
        plan(Wanted(tasks=("xed_fi",), data=(data,), forms=("essay",)))


def test_a_task_and_a_limit_of_ones_own_go_before_the_suites(data: Path) -> None:
    planned, _ = plan(Wanted(suites=("quick",), tasks=("xed_fi",), data=(data,), limit=2))
    assert [(one.task.name, one.limit) for one in planned] == [("pronouns", 2), ("xed_fi", 2), ("mmlu_hi", 2)]
    (alone, *_), _ = plan(Wanted())
    assert alone.task.name == "pronouns"


def test_the_files_of_what_is_asked_are_known_without_reading_them(data: Path) -> None:
    found = files_of(Wanted(suites=("finnish",), tasks=("pronouns",), data=(data,)))
    assert found["xed_fi"] == data / "xed_fi.jsonl"
    assert found["mkqa_fi"] is None
    assert found["pronouns"] is not None


def test_without_lm_eval_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lm_eval", None)
    with pytest.raises(UserError, match=r"pip install 'aurora-lm\[evaluate\]'"):
        plan(Wanted())

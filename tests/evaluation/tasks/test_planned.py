"""What is asked: tasks and suites by name, with their items, or a sentence about what is missing."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from aurora.errors import UserError
from aurora.evaluation.tasks.planned import Wanted, files_of, plan
from small_tasks import write_tasks


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Items of two tasks."""
    return write_tasks(tmp_path / "data")


def test_tasks_of_a_suite_without_data_are_left_out_by_name_and_others_are_a_mistake(data: Path) -> None:
    planned, left_out = plan(Wanted(suites=("quick",), data=(data,)))
    assert [one.task.name for one in planned] == ["pronouns", "xed_fi", "mmlu_hi"]
    assert left_out["hellaswag_en"] == "no folder of data has them"
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
        plan(Wanted(suites=["quick"]))
    with pytest.raises(UserError, match=r"pip install 'aurora-lm\[evaluate\]'"):
        plan(Wanted(chat=True))
    assert [one.task.name for one in plan(Wanted())[0]] == ["pronouns"]  # which it is not needed for


def test_a_task_without_data_on_the_hub_says_so() -> None:
    with pytest.raises(UserError, match="niilc has no data on the hub: give a folder that has it with --data DIR"):
        plan(Wanted(tasks=("niilc",)))


def test_a_language_without_tools_leaves_its_tasks_out_of_a_suite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ready(languages: list[str], unsafe: bool = False) -> None:
        if "go" in languages:
            raise UserError("Go programs cannot run here: no go on the PATH; install it.")

    monkeypatch.setattr("aurora.evaluation.code.ready", ready)
    row = {"prompt": "a", "test": "b", "entry_point": "c"}
    for name in ("humaneval", "humanevalpack_go"):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(row), encoding="utf-8")
    planned, left_out = plan(Wanted(suites=("code",), data=(tmp_path,)))
    assert [one.task.name for one in planned] == ["humaneval"]
    assert left_out["humanevalpack_go"] == left_out["humanevalfix_go"] == "Go programs cannot run here"
    with pytest.raises(UserError, match="no go on the PATH"):
        plan(Wanted(suites=("code",), tasks=("humanevalpack_go",), data=(tmp_path,)))


def test_without_a_jail_nothing_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def ready(languages: list[str], unsafe: bool = False) -> None:
        if not unsafe:
            raise UserError("There is no jail: install bubblewrap, or give --unsafe-code.")

    monkeypatch.setattr("aurora.evaluation.code.ready", ready)
    row = {"prompt": "a", "test": "b", "entry_point": "c"}
    (tmp_path / "humaneval.jsonl").write_text(json.dumps(row), encoding="utf-8")
    with pytest.raises(UserError, match="There is no jail"):
        plan(Wanted(suites=("code",), data=(tmp_path,)))
    assert len(plan(Wanted(suites=("code",), data=(tmp_path,), unsafe_code=True))[0]) == 1


def test_a_task_of_translations_needs_both_files(data: Path) -> None:
    (data / "multijail").mkdir()
    row = json.dumps({"id": "1", "text": "‹request›"})
    (data / "multijail/en.jsonl").write_text(row)
    with pytest.raises(
        UserError, match=r"multijail/vi\.jsonl or \.jsonl\.gz, the items of the task multijail_en_vi in vi"
    ):
        plan(Wanted(tasks=("multijail_en_vi",), data=(data,)))
    _, left_out = plan(Wanted(suites=("safety",), data=(data,)))
    assert left_out["multijail_en_vi"] == "no folder of data has them in vi"
    (data / "multijail/vi.jsonl").write_text(row)
    (planned,), _ = plan(Wanted(tasks=("multijail_en_vi",), data=(data,)))
    assert planned.items.scored[0]["translations"] == {"vi": "‹request›"}
    assert files_of(Wanted(tasks=("multijail_en_vi",), data=(data,))) == {
        "multijail_en_vi": data / "multijail/en.jsonl",
        "multijail_en_vi in vi": data / "multijail/vi.jsonl",
    }


def test_japanese_texts_are_left_out_where_nothing_cuts_them_into_words(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(_: str) -> None:
        raise UserError("MeCab is not here: install it.")

    monkeypatch.setattr("aurora.evaluation.tasks.planned.ready_to_write", absent)
    (data / "wmt20_en_ja.jsonl").write_text(json.dumps({"id": "1", "text": "a", "answers": ["あ"]}))
    with pytest.raises(UserError, match="MeCab is not here"):
        plan(Wanted(tasks=("wmt20_en_ja",), data=(data,)))
    _, left_out = plan(Wanted(suites=("japanese",), tasks=("xed_fi",), data=(data,)))
    assert left_out["wmt20_en_ja"] == "MeCab is not installed"

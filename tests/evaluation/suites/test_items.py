"""Items from files in the flat schema."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from aurora.errors import UserError
from aurora.evaluation.suites.items import OWN, read_task, task_file

ROW: dict[str, Any] = {
    "id": "x/1",
    "task": "multiple_choice",
    "question": "Water is",
    "choices": ["wet", "dry"],
    "answer": 0,
}
GAP: dict[str, Any] = {
    "id": "x/2",
    "task": "cloze_choice",
    "question": "So _ won.",
    "choices": ["he", "she"],
    "answer": 1,
}


def write(path: Path, *rows: Any) -> Path:
    text = "".join(json.dumps(row) + "\n" for row in rows)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)
    return path


@pytest.mark.parametrize("ending", ["jsonl", "jsonl.gz"])
def test_choices_and_gaps_become_pairs(tmp_path: Path, ending: str) -> None:
    write(tmp_path / f"own.{ending}", ROW, GAP, ROW)
    first, second = read_task(task_file("own", tmp_path), limit=2)
    assert first.pairs == (("Water is", " wet"), ("Water is", " dry"))
    assert second.pairs == (("So he", " won."), ("So she", " won."))
    assert (first.same_length, second.same_length) == (False, True)
    assert (first.answer, second.answer) == (0, 1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"task": "open_qa"}, "its task is 'open_qa'"),
        ({"answer": 2}, "`answer` is not the number"),
        ({"answer": True}, "`answer` is not the number"),
        ({"choices": ["wet"]}, "`answer` is not the number of one of two choices"),
        ({"choices": ["wet", ""]}, "`question` and `choices` are texts"),
        ({"task": "cloze_choice"}, "a gap _ with text behind it is missing"),
    ],
    ids=["kind", "answer", "bool", "one-choice", "empty", "no-gap"],
)
def test_a_line_that_is_no_item_is_named(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    path = write(tmp_path / "own.jsonl", ROW, ROW | change)
    with pytest.raises(UserError, match=rf"own\.jsonl, line 2: this is no item of choices \({said}"):
        read_task(path)


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    write(tmp_path / "own.jsonl", ROW)
    with pytest.raises(UserError, match=r"has no task other: there are own"):
        task_file("other", tmp_path)
    with pytest.raises(UserError, match="holds no items"):
        read_task(write(tmp_path / "empty.jsonl"))
    (tmp_path / "bad.jsonl.gz").write_bytes(b"no")
    with pytest.raises(UserError, match="cannot be read"):
        read_task(tmp_path / "bad.jsonl.gz")


def test_our_own_items_are_sound_and_balanced() -> None:
    items = read_task(task_file("pronouns", None))
    assert len(items) == 40
    assert len({item.id for item in items}) == 40
    assert 16 <= sum(item.answer for item in items) <= 24
    assert Path(str(OWN)).is_dir()

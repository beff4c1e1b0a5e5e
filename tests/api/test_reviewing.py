"""The review from Python: what it brings in, and what it refuses."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from aurora.api.reviewing import review
from aurora.errors import UserError
from aurora.redteam.review.log.file import read_state


def test_people_and_items_are_brought_in_and_the_log_comes_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = {"id": "a", "prompt": "One?", "category": "cyber", "language": "en"}
    (tmp_path / "items.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    log = tmp_path / "log.jsonl"
    review(
        tmp_path / "data",
        policies=["eo-14110"],
        imports=[tmp_path / "items.jsonl"],
        users=["Ada:reviewer"],
        save_log=log,
    )
    state = read_state(log)
    assert list(state.items) == ["a"]
    assert sorted(person.role for person in state.people.values()) == ["admin", "reviewer"]
    assert "1 items imported" in capsys.readouterr().err


@pytest.mark.parametrize("user", ["ada", "", "ada:root"])
def test_a_user_without_a_role_is_refused(tmp_path: Path, user: str) -> None:
    with pytest.raises(UserError, match=r"role|none of"):
        review(tmp_path / "data", policies=["eo-14110"], users=[user], save_log=tmp_path / "log.jsonl")


def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("aurora.redteam.review.server")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    with pytest.raises(UserError, match=r"pip install 'aurora-lm\[review\]'"):
        review(tmp_path / "data")

"""Evaluation sets, of which no prompt is taken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aurora.errors import UserError
from aurora.redteam.generating.kept_out import KeptOut


def test_prompts_of_a_set_are_told_short_or_long_or_within_a_transcript(tmp_path: Path) -> None:
    long = "Please describe in detail how somebody with no training at all would go about picking a very old lock"
    rows = [
        {"id": "1", "prompt": "Pick a lock?"},
        {"id": "2", "text": long},
        {"id": "3", "chosen": "\n\nHuman: May I borrow a key?\n\nAssistant: Yes.\n\nHuman: Now?"},
    ]
    (tmp_path / "set.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    kept_out = KeptOut([tmp_path / "set.jsonl"])
    asked = ["pick a  LOCK", f"Hello! {long}, I ask.", "May I borrow a key?", "Now?", "Pick a lock for me?"]
    assert kept_out.sets_of(asked) == ["set.jsonl"] * 3 + [None, None]


def test_without_sets_nothing_is_kept_out_and_a_set_must_be_there(tmp_path: Path) -> None:
    assert KeptOut([]).sets_of(["Pick a lock?"]) == [None]
    with pytest.raises(UserError, match=r"--keep-out .*gone does not exist"):
        KeptOut([tmp_path / "gone"])

"""Files of prompts: what they may replace."""

from __future__ import annotations

from pathlib import Path

import pytest

from aurora.errors import UserError
from aurora.redteam.generating.templates import make
from aurora.redteam.generating.writing import keep_others, place_of, write_prompts
from aurora.redteam.policy import load_policy


def test_a_file_of_prompts_is_replaced_and_nothing_else(root: Path, tmp_path: Path) -> None:
    made = make(load_policy(root / "policies/eo-14110.yaml", ["en"]), 8, 1)
    path = place_of(tmp_path / "out")
    assert path == tmp_path / "out/prompts.jsonl"
    keep_others(path)
    write_prompts(path, made.prompts)
    keep_others(path)
    path.write_text('{"id": "mine"}\n')
    with pytest.raises(UserError, match=r"prompts\.jsonl was not written by this command and would be lost"):
        keep_others(path)
    assert place_of(tmp_path / "a.jsonl") == tmp_path / "a.jsonl"
    (tmp_path / "a.jsonl").mkdir()
    with pytest.raises(UserError, match="is a folder"):
        keep_others(tmp_path / "a.jsonl")

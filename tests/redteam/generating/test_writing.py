"""Files of prompts: what they may replace."""

from __future__ import annotations

from pathlib import Path

import pytest

from aurora.errors import UserError
from aurora.redteam.generating.templates import make
from aurora.redteam.generating.writing import place_of, write_prompts
from aurora.redteam.policy import load_policy


def test_prompts_that_somebody_has_corrected_are_not_replaced(root: Path, tmp_path: Path) -> None:
    made = make(load_policy(root / "policies/eo-14110.yaml", ["en"]), 8, 1)
    path = place_of(tmp_path / "out")
    assert path == tmp_path / "out/prompts.jsonl"
    write_prompts(path, made.prompts)
    write_prompts(path, made.prompts)
    corrected = path.read_text().replace("How", "Tell me how", 1)
    path.write_text(corrected)
    with pytest.raises(UserError, match=r"prompts\.jsonl holds another text, perhaps corrected by hand"):
        write_prompts(path, made.prompts)
    assert path.read_text() == corrected


def test_a_place_is_a_file_of_lines_or_a_folder(tmp_path: Path) -> None:
    assert place_of(tmp_path / "a.jsonl") == tmp_path / "a.jsonl"
    with pytest.raises(UserError, match=r"give a name that ends in \.jsonl"):
        place_of(tmp_path / "a.csv")

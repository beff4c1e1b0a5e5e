from __future__ import annotations

import json
from pathlib import Path

import pytest

from aurora.api.judging import calibrate, judge
from aurora.errors import AuroraError


def test_an_answer_is_judged_without_a_run() -> None:
    assert judge("I can't help with that.", "en") == "refusal"
    assert judge("", "en") == "incapable"


def test_the_answer_to_a_prompt_in_another_language_is_told() -> None:
    assert judge("Voi sulaa noin 35 asteessa, joten jätä se tunniksi lämpimään huoneeseen.", "hi") == "other_language"


def test_answers_are_called_what_their_file_or_folder_is(tmp_path: Path) -> None:
    row = json.dumps({"prompt": "How?", "answer": "No.", "label": "refusal", "lang": "en"})
    files = [tmp_path / "first.jsonl", tmp_path / "second.jsonl"]
    for path in files:
        path.write_text(row, encoding="utf-8")
    assert calibrate(files[:1]).data == "first"
    assert calibrate(files).data == tmp_path.name
    assert set(calibrate(files).by["model"]) == {"first", "second"}


def test_a_run_without_a_red_team_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(AuroraError, match=r"summary\.json does not exist"):
        judge("No.", "en", tmp_path)

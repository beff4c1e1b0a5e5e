from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from aurora.errors import AuroraError
from aurora.files import write_json
from aurora.training.records.state import STATE, State, state_of


def state() -> State:
    return State("cap", {"seed": 1}, [], "fp32", 1, 8, 8, 64, 4096, 4000, 1.5, 2730.7)


def test_a_state_comes_back_as_it_was_written(tmp_path: Path) -> None:
    write_json(tmp_path / STATE, asdict(state()))
    assert state_of(tmp_path / STATE) == state()


@pytest.mark.parametrize("content", ["", "[1]", "{", "null"])
def test_what_is_no_state_says_how_to_go_on(tmp_path: Path, content: str) -> None:
    (tmp_path / STATE).write_text(content)
    with pytest.raises(
        AuroraError, match=r"state\.json (is missing or damaged|was written by another version).*--restart"
    ):
        state_of(tmp_path / STATE)


@pytest.mark.parametrize("change", [{"new": 1}, {"step": "8"}, {"made_with": None}, {"edits": [{"step": 1}]}])
def test_a_state_of_another_form_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    (tmp_path / STATE).write_text(json.dumps(asdict(state()) | change))
    with pytest.raises(AuroraError, match="was written by another version of Aurora"):
        state_of(tmp_path / STATE)

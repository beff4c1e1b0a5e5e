from __future__ import annotations

from pathlib import Path

import pytest

from aurora.api.judging import judge
from aurora.errors import AuroraError


def test_an_answer_is_judged_without_a_run() -> None:
    assert judge("I can't help with that.", "en") == "refusal"
    assert judge("", "en") == "incapable"


def test_a_run_without_a_red_team_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(AuroraError, match=r"summary\.json does not exist"):
        judge("No.", "en", tmp_path)

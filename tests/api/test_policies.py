"""Policies by name and file."""

from __future__ import annotations

from pathlib import Path

import pytest

from aurora.api.policies import generate_prompts, is_policy, open_policy
from aurora.errors import UserError
from edited_policy import write_versions


def test_a_policy_is_told_from_a_recipe(root: Path, tmp_path: Path, minimal_recipe: Path) -> None:
    assert is_policy(Path("ailuminate"))
    assert is_policy(root / "policies/eo-14110.yaml")
    assert not is_policy(minimal_recipe)
    assert not is_policy(Path("tiny"))
    assert not is_policy(tmp_path)
    (tmp_path / "broken.yaml").write_text("a: [")
    assert not is_policy(tmp_path / "broken.yaml")


def test_a_policy_is_opened_in_the_languages_asked_for_or_in_all(tmp_path: Path) -> None:
    assert list(open_policy(Path("eo-14110"), ["fin", "en", "fi"]).words) == ["fi", "en"]
    assert list(open_policy(write_versions(tmp_path)[0]).words) == ["en", "fi"]
    with pytest.raises(UserError, match="The policy nist-ai-600-1 has no words in any language"):
        open_policy(Path("nist-ai-600-1"))


def test_prompts_are_written_into_a_folder_and_counted(tmp_path: Path) -> None:
    made = generate_prompts(Path("ailuminate"), tmp_path / "out", languages=["vi"], count=24, seed=2)
    assert made["file"] == str(tmp_path / "out/prompts.jsonl")
    assert made["by_language"] == {"vi": 24 + 12 + 48}
    assert len((tmp_path / "out/prompts.jsonl").read_text("utf-8").splitlines()) == 84

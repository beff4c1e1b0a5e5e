from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from aurora.errors import UserError
from aurora.recipe.safety import Redteam
from aurora.redteam.dataset import build_redteam, read_items
from aurora.redteam.judge import Judge
from aurora.redteam.policy import load_policy
from aurora.redteam.preferences import write_preferences
from aurora.redteam.review.exporting.folder import Export, export
from review_log import reviewed

LANGUAGES = ["en", "ja"]


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def folder(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("redteam")
    redteam = Redteam(policy="policies/eo-14110.yaml", languages=LANGUAGES, preferences=True)
    build_redteam(redteam, root, 1, folder)
    return folder


def test_every_training_prompt_has_its_answer_and_the_opposite(folder: Path) -> None:
    train, rows = read_items(folder / "train.jsonl"), rows_of(folder / "preferences.jsonl")
    assert [(row["id"], row["prompt"], row["chosen"]) for row in rows] == [
        (item.id, item.prompt, item.response) for item in train
    ]
    judge = Judge()
    for row in rows:
        harmful = row["kind"] == "harmful"
        assert judge.is_refusal(row["chosen"]) == harmful
        assert judge.is_refusal(row["rejected"]) != harmful


def test_what_is_rejected_of_a_harmful_prompt_says_no_more_than_yes(folder: Path) -> None:
    agreed = {row["rejected"] for row in rows_of(folder / "preferences.jsonl") if row["kind"] == "harmful"}
    assert len(agreed) == len(LANGUAGES)
    assert all(len(text) <= 12 for text in agreed)


def test_held_out_prompts_are_in_no_pair(folder: Path) -> None:
    held_out = {item.prompt for item in read_items(folder / "held_out.jsonl")}
    assert not held_out & {row["prompt"] for row in rows_of(folder / "preferences.jsonl")}


def test_of_reviewed_items_the_pairs_are_what_reviewers_passed_over(root: Path, tmp_path: Path) -> None:
    export(reviewed(30).state, tmp_path / "reviewed", Export(share=0.3))
    settings: dict[str, Any] = {"policy": "policies/eo-14110.yaml", "languages": ["en"], "preferences": True}
    redteam = Redteam(**settings, reviewed=str(tmp_path / "reviewed"))
    (tmp_path / "set").mkdir()
    build_redteam(redteam, root, 1, tmp_path / "set")
    given, train = rows_of(tmp_path / "reviewed/preferences.jsonl"), read_items(tmp_path / "set/train.jsonl")
    ids = {item.id for item in train}
    kept = [row for row in given if row["item"] in ids]
    assert len(kept) > 0
    assert rows_of(tmp_path / "set/preferences.jsonl") == kept
    policy = load_policy(root / "policies/eo-14110.yaml", ["en"])
    with pytest.raises(UserError, match=r"redteam\.preferences: .* has no pairs of training items"):
        write_preferences(tmp_path / "none.jsonl", [], policy, tmp_path / "reviewed")


def test_a_set_that_asks_for_no_pairs_has_none(root: Path, tmp_path: Path) -> None:
    redteam = Redteam(policy="policies/eo-14110.yaml", languages=["en"])
    build_redteam(redteam, root, 1, tmp_path)
    assert not (tmp_path / "preferences.jsonl").exists()
    assert {"preferences", "train_languages"} & redteam.stated().keys() == set()


def test_other_languages_can_be_measured_than_are_trained_on(root: Path, tmp_path: Path) -> None:
    redteam = Redteam(
        policy="policies/eo-14110.yaml", languages=["en", "fi"], train_languages=["fi"], watched_share=0.1
    )
    summary = build_redteam(redteam, root, 1, tmp_path)
    assert summary["trained_in"] == ["fi"]
    languages = {
        name: {item.language for item in read_items(tmp_path / f"{name}.jsonl")}
        for name in ("train", "watched", "held_out")
    }
    assert languages == {"train": {"fi"}, "watched": {"fi"}, "held_out": {"en", "fi"}}


def test_a_language_that_is_trained_on_is_measured() -> None:
    with pytest.raises(ValidationError, match="train_languages: hi is not among `languages`"):
        Redteam(policy="x", languages=["en"], train_languages=["hi"])

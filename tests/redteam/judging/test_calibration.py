"""What a judge is worth: counted by hand, by class, language and model, and kept as a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aurora.errors import UserError
from aurora.files import write_json
from aurora.redteam.judge import Outcome
from aurora.redteam.judging.calibration import Calibration, calibrated, hashes, read_calibration
from aurora.redteam.judging.labelled import Label, Labelled

ROWS: list[tuple[str, Label, str, Outcome]] = [
    ("a", "refusal", "en", "refusal"),
    ("a", "refusal", "en", "refusal"),
    ("b", "refusal", "fi", "answer"),
    ("b", "partial", "fi", "refusal"),
    ("c", "compliance", "en", "answer"),
    ("c", "compliance", "en", "incapable"),
]


def made(**others: Any) -> Calibration:
    answers = [Labelled(prompt, "x", label, language, prompt, "k") for prompt, label, language, _ in ROWS]
    return calibrated("rules 9", "abc", answers, [row[3] for row in ROWS], data="things", files={}, **others)


def test_only_a_full_refusal_counts_as_one() -> None:
    found = made()
    assert found.whole.kappa == pytest.approx(1 / 3, abs=1e-4)  # 4 of 6 agree, 3 by chance
    assert found.whole.confusion["partial"] == {"refusal": 1, "answer": 0, "other_language": 0, "incapable": 0}
    assert found.whole.confusion["compliance"]["incapable"] == 1
    assert (found.whole.answers, found.whole.prompts, found.languages) == (6, 3, ["en", "fi"])


def test_each_class_language_and_model_has_its_own() -> None:
    found = made()
    assert list(found.by) == ["class", "language", "model"]
    assert found.by["language"]["en"].kappa == 1.0
    assert found.by["language"]["fi"].kappa == -1.0
    assert found.by["model"]["a"].kappa is None
    assert found.by["class"]["k"].answers == 6
    assert list(made(by=["model"]).by) == ["model"]


def test_its_few_words_name_judge_kappa_and_answers() -> None:
    assert made().worth().words() == "rules 9, kappa .33 on things, 6 answers"


def test_a_file_keeps_it_whole(tmp_path: Path) -> None:
    path = tmp_path / "worth.json"
    write_json(path, made(note="apart").table())
    assert read_calibration(path) == made(note="apart")
    assert json.loads(path.read_text("utf-8"))["schema"] == "aurora calibration 1"
    assert hashes([path]).keys() == {"worth.json"}


@pytest.mark.parametrize(("key", "value"), [("schema", "aurora report 1"), ("whole", None), ("odd", 1)])
def test_another_file_is_refused_by_name(key: str, value: Any, tmp_path: Path) -> None:
    path = tmp_path / "worth.json"
    write_json(path, {**made().table(), key: value})
    with pytest.raises(UserError, match=rf"worth\.json is no calibration of a judge \({key}"):
        read_calibration(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.json does not exist"):
        read_calibration(tmp_path / "none.json")

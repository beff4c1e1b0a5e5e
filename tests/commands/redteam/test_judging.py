"""`aurora redteam judge`: verdicts, agreement and a judge of one's own; and every way to ask for it wrongly."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aurora.errors import UserError
from aurora.redteam.judging.labelled import Labelled
from aurora.redteam.judging.named import calibration_of_rules
from commands.conftest import invoke
from redteam.judging.test_learned import NO, answers


def write(path: Path, rows: list[Labelled]) -> Path:
    keys = ("prompt", "answer", "label", "language", "model")
    lines = [json.dumps({**{key: getattr(row, key) for key in keys}, "class": row.group}) for row in rows]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    return write(tmp_path / "labels.jsonl", answers())


def test_the_rules_are_compared_with_people(labels: Path, tmp_path: Path) -> None:
    worth = tmp_path / "worth.json"
    shown = invoke("redteam", "judge", "--calibrate", labels, "--by", "model", "--output", worth).stdout
    assert shown.startswith(f"{calibration_of_rules().judge} beside people on labels, full refusals:")
    assert "model  model2" in shown
    assert "language" not in shown.split("people say")[0]
    found = json.loads(worth.read_text("utf-8"))
    printed = invoke("redteam", "judge", "--calibrate", labels, "--by", "model", "--output", worth, "--json").stdout
    assert json.loads(printed) == found
    assert found["whole"]["confusion"]["refusal"]["answer"] == 30  # in words that no rule knows
    assert found["whole"]["kappa"] == 0.0


def test_a_judge_is_learnt_measured_and_asked(labels: Path, tmp_path: Path) -> None:
    mine, judged = tmp_path / "mine.safetensors", tmp_path / "judged.jsonl"
    shown = invoke("redteam", "judge", "--train", labels, "--name", "things", "--output", mine).stdout
    assert "learned mine beside people on things" in shown
    assert "each model's answers judged by weights learnt from those of all others" in shown
    with pytest.raises(UserError, match=r"learned mine has learnt from labels\.jsonl: measure it on other labels"):
        invoke("redteam", "judge", "--calibrate", labels, "--judge", mine)
    said = invoke("redteam", "judge", labels, "--judge", mine, "--output", judged).stdout
    assert said.splitlines()[-1] == "Judge: learned mine, kappa 1.00 on things, 60 answers."
    rows = [json.loads(line) for line in judged.read_text("utf-8").splitlines()]
    assert {row["outcome"] for row in rows if row["answer"].startswith(NO[:10])} == {"refusal"}
    assert rows[0]["judged_by"] == "learned mine"
    counts = json.loads(invoke("redteam", "judge", judged, "--judge", mine, "--output", judged, "--json").stdout)
    assert counts["judge"]["kappa"] == 1.0
    assert counts["counts"][0]["outcomes"]["refusal"] == 30


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--calibrate", "--train"], "give one of them"),
        (["--train"], "--train needs --output"),
        (["--train", "--output", "x.safetensors", "--judge", "y"], "leave out --judge"),
        (["labels.jsonl"], "Give one FILE to judge"),
        (["--calibrate", "--by", "modell"], "did you mean model?"),
    ],
)
def test_what_contradicts_itself_is_a_usage_error(arguments: list[str], said: str, labels: Path) -> None:
    done = invoke("redteam", "judge", labels, *arguments)
    assert done.exit_code == 2
    assert said in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--train", "--output", "x.pkl"], r"x\.pkl is no name for a judge: let it end with \.safetensors"),
        (["--train", "--output", "mine.safetensors"], "was not written by this command"),
        (["--calibrate", "--output", "mine.safetensors"], "was not written by this command"),
        (["--output", "labels.jsonl"], "holds another text"),
        (["--judge", "none.safetensors"], "none.safetensors does not exist"),
        (["--judge", "labels.jsonl"], "labels.jsonl is no judge"),
    ],
)
def test_files_that_are_none_are_named_and_none_is_lost(
    arguments: list[str], said: str, labels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(labels.parent)
    mine = labels.with_name("mine.safetensors")
    mine.write_text("mine", encoding="utf-8")
    before = labels.read_text("utf-8")
    with pytest.raises(UserError, match=said):
        invoke("redteam", "judge", labels, *arguments)
    assert (mine.read_text("utf-8"), labels.read_text("utf-8")) == ("mine", before)

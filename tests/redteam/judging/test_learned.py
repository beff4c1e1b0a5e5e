"""A judge learnt from labels: it learns what the rules do not know, is measured on models left out, and is one file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save

from aurora.errors import UserError
from aurora.redteam.judge import Answered, Judge
from aurora.redteam.judging.calibration import calibrated
from aurora.redteam.judging.labelled import Labelled
from aurora.redteam.judging.learned import LearnedJudge, is_judge, left_out, read_judge_file, train, write_judge

THINGS = ["bread", "a chair", "the garden", "a poem", "soup", "this song", "the old house", "a kite", "rain", "glass"]
NO = "Such talk of {} brings shame to a house, and mine is a house of honour."
YES = "For {} begin early, take your time, and ask a friend to look at it."


def answers(models: int = 3, language: str = "en") -> list[Labelled]:
    """Answers that decline in words which no rule knows, and answers that help."""
    return [
        Labelled(f"How about {thing}?", text.format(thing), label, language, f"model{model}")
        for model in range(models)
        for thing in THINGS
        for text, label in ((NO, "refusal"), (YES, "compliance"))
    ]


def learnt() -> LearnedJudge:
    found = train(answers())
    verdicts = found.outcomes([Answered(one.answer, "en") for one in answers()])
    worth = calibrated("learned", "", answers(), verdicts, data="things", files={})
    return LearnedJudge(found.weights, worth)


def test_it_learns_what_no_rule_knows() -> None:
    text = NO.format("a boat")
    assert Judge().outcome(text, "en") == "answer"
    judge = learnt()
    assert judge.outcome(text, "en") == "refusal"
    assert judge.outcome(YES.format("a boat"), "en") == "answer"
    assert judge.outcome("", "en") == "incapable"
    assert judge.calibration is not None
    assert judge.calibration.whole.kappa == 1.0


def test_learning_twice_gives_the_same_weights() -> None:
    first, second = train(answers()).weights, train(answers()).weights
    assert np.array_equal(first.table, second.table)
    assert first[1:] == second[1:]


def test_a_language_it_has_not_learnt_is_left_to_the_rules() -> None:
    judge = learnt()
    assert judge.outcome("En voi auttaa tässä asiassa.", "fi") == "refusal"
    assert judge.outcome(NO.format("a boat") * 3, "fi") == "other_language"


def test_each_model_is_judged_by_what_the_others_taught() -> None:
    odd = [Labelled(one.prompt, one.answer[::-1], one.label, "en", "odd") for one in answers(1)]
    told: list[int] = []
    found = left_out([*answers(2), *odd], data="things", files={}, tell=told.append)
    assert found.by["model"]["model0"].kappa == 1.0
    assert found.by["model"]["odd"].kappa != 1.0
    assert sum(told) == 60
    assert "those of all others" in found.note


def test_too_little_to_learn_from_is_told() -> None:
    with pytest.raises(UserError, match="5 refusals and 5 other answers to learn from: give at least 20 of each"):
        train(answers(1)[:10])
    with pytest.raises(UserError, match=r"All answers are of one model \(model0\): name the `model` of each"):
        left_out(answers(1), data="things", files={})


def test_a_file_of_numbers_is_the_whole_judge(tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    write_judge(learnt(), path)
    read = read_judge_file(path)
    assert np.array_equal(read.weights.table, learnt().weights.table)
    assert read.name == "learned mine"
    assert read.calibration is not None
    assert read.calibration.worth().words() == "learned mine, kappa 1.00 on things, 60 answers"
    assert len(read.calibration.judge_sha256) == 64
    assert is_judge(path.read_bytes()[:4096])
    before = path.read_bytes()
    write_judge(learnt(), path)
    assert path.read_bytes() == before
    assert load_file(path).keys() == {"weights", "rules", "bias"}


def broken(path: Path, kind: str) -> bytes:
    content = path.read_bytes()
    if kind == "cut":
        return content[: len(content) // 2]
    if kind == "text":
        return b"rules"
    if kind == "empty":
        return b""
    head = {"aurora judge 1": ""}
    tensors = load_file(path)
    if kind == "shape":
        tensors["weights"] = tensors["weights"][:100]
    if kind == "nan":
        tensors["bias"] = np.float32([np.nan])
    if kind == "form":
        head = {"a model": ""}
    if kind == "calibration":
        head["aurora judge 1"] = json.dumps({"judge": 3})
    return save(tensors, metadata=head)


@pytest.mark.parametrize("kind", ["cut", "text", "empty", "shape", "nan", "form", "calibration"])
def test_another_file_is_refused_by_name(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    write_judge(train(answers()), path)
    path.write_bytes(broken(path, kind))
    with pytest.raises(UserError, match=r"mine\.safetensors is no judge of Aurora \("):
        read_judge_file(path)
    with pytest.raises(UserError, match="does not exist"):
        read_judge_file(tmp_path / "none.safetensors")

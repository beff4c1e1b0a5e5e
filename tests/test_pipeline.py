from __future__ import annotations

import fcntl
import json
from pathlib import Path

import pytest

from aurora import seal
from aurora.errors import UserError
from aurora.pipeline import _carry_out, _plan, run_recipe
from aurora.recipe import load_recipe
from aurora.runs import locked
from aurora.steps import Step, Steps


def counting_step(name: str, settings: dict[str, object], inputs: dict[str, str], log: list[str], text: str) -> Step:
    def run(folder: Path) -> None:
        log.append(name)
        (folder / "out.txt").write_text(text)

    return Step(name, name, 1, settings, lambda: inputs, run, f"make {name}")


def test_a_step_runs_once_and_again_only_when_something_changed(tmp_path: Path) -> None:
    log: list[str] = []
    seal.begin(tmp_path)
    assert _carry_out(tmp_path, counting_step("a", {"x": 1}, {"raw": "1"}, log, "one"))
    assert not _carry_out(tmp_path, counting_step("a", {"x": 1}, {"raw": "1"}, log, "one"))
    assert _carry_out(tmp_path, counting_step("a", {"x": 2}, {"raw": "1"}, log, "one"))
    assert _carry_out(tmp_path, counting_step("a", {"x": 2}, {"raw": "2"}, log, "one"))
    assert log == ["a", "a", "a"]


def test_a_failed_step_is_not_finished(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "out.txt").write_text("half")
        raise RuntimeError("in the middle")

    step = Step("a", "a", 1, {}, lambda: {}, fail, "fail")
    seal.begin(tmp_path)
    with pytest.raises(RuntimeError):
        _carry_out(tmp_path, step)
    assert not (tmp_path / "a").exists()
    assert _plan(tmp_path, [step]) == ["a"]


def test_a_run_has_one_process_at_a_time(tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(UserError, match="Another process is working"), locked(tmp_path):
        pass
    with locked(tmp_path):
        assert (tmp_path / ".lock").exists()
    with (tmp_path / ".lock").open() as stream:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_the_steps_of_the_demo_come_in_order(root: Path, tmp_path: Path) -> None:
    loaded = load_recipe(root / "recipes/tiny.yaml")
    names = [step.name for step in Steps(loaded, tmp_path).all()]
    assert names == [
        "corpus", "redteam", "tokenizer", "tokens",
        "train:base", "train:cap", "train:cap-without-replay", "train:cat", "train:safety",
        "evaluate:bigram", "evaluate:base", "evaluate:cap", "evaluate:cap-without-replay", "evaluate:cat",
        "evaluate:safety", "safety:cat", "safety:safety",
    ]  # fmt: skip


def test_an_evaluation_setting_leaves_training_alone(root: Path, tmp_path: Path) -> None:
    def settings(*overrides: str) -> dict[str, str]:
        steps = Steps(load_recipe(root / "recipes/tiny.yaml", overrides), tmp_path).all()
        return {step.name: json.dumps(step.settings, sort_keys=True) for step in steps}

    plain = settings()
    changed = settings("evaluation.sample_tokens=5")
    assert {name for name in plain if plain[name] != changed[name]} == {
        name for name in plain if name.startswith(("evaluate:", "safety:"))
    }
    changed = settings("stages.cat.tokens=800000")
    assert {name for name in plain if plain[name] != changed[name]} == {"train:cat"}
    changed = settings("stages.cap.control.mixture={catalogues/fi: 1}")
    assert {name for name in plain if plain[name] != changed[name]} == {"train:cap-without-replay"}
    assert settings("execution.keep_checkpoints=1", "execution.micro_batch_sequences=4") == plain
    training = {name for name in plain if name.startswith("train:")}
    for rounding in ("execution.threads=1", "execution.compile=true", "execution.precision=fp32"):
        changed = settings(rounding)
        assert {name for name in plain if plain[name] != changed[name]} == training


def test_a_missing_input_file_is_the_users_mistake_and_leaves_nothing(minimal_recipe: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"web\.jsonl"):
        run_recipe(load_recipe(minimal_recipe), tmp_path / "run")
    assert not (tmp_path / "run/corpus").exists()

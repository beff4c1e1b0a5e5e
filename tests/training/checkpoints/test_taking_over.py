"""A finished stage's files as checkpoints of the same bytes, while the stage itself stays as it was."""

from __future__ import annotations

import os
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch

from aurora.errors import AuroraError
from aurora.files import write_json
from aurora.model.weights import write_weights
from aurora.run.manifest import artifact
from aurora.training.checkpoints.checkpoint import read_checkpoint, save_checkpoint
from aurora.training.checkpoints.taking_over import FINAL, end_as_checkpoint, hashes_of, states_of, take_over
from aurora.training.records.state import STATE, State
from training.checkpoints.test_continuing import CONSTANT, Bench, alike
from training.small_stage import Lab

WEIGHTS = {"w": torch.arange(6.0)}
MOMENTS = {"exp_avg.w": torch.ones(6)}


def state(step: int) -> State:
    return State("cap", {"seed": 1}, [], "fp32", 1, step, step, step * 8, step * 128, step * 100, 1.5, 128.0)


def write_final(folder: Path, stands_at: State) -> None:
    write_weights(folder / "model.safetensors", WEIGHTS)
    write_weights(folder / "optimizer.safetensors", MOMENTS)
    write_json(folder / STATE, asdict(stands_at))


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    """A stage of 12 steps that has ended and kept its checkpoint of step 8."""
    with artifact(tmp_path / "cap", "train:cap", 1, {}, {}) as folder:
        save_checkpoint(folder, state(8), WEIGHTS, MOMENTS)
        write_final(folder, state(12))
    return tmp_path / "cap"


def bytes_below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_its_states_are_of_its_end_and_of_what_it_kept_newest_first(finished: Path) -> None:
    assert [(path.name, found.step) for path, found in states_of(finished).items()] == [
        ("cap", 12),
        ("step-00000008", 8),
    ]


def test_final_files_of_an_earlier_model_are_no_end_to_go_on_from(finished: Path) -> None:
    """Adaptive replay may leave its best: the weights are not those of the last step."""
    write_json(finished / STATE, asdict(replace(state(12), weights_of=8)))
    assert [found.step for found in states_of(finished).values()] == [8]


def test_checkpoints_are_whole_and_the_finished_stage_stays(finished: Path, tmp_path: Path) -> None:
    before = bytes_below(finished)
    working = tmp_path / "cap.partial"
    working.mkdir()
    hashes = hashes_of(finished)
    for source, found in states_of(finished).items():
        take_over(source, working, found.step, hashes)
    assert sorted(path.name for path in working.iterdir()) == ["step-00000008", "step-00000012"]
    for step in (8, 12):
        checkpoint = read_checkpoint(working / f"step-{step:08d}")
        assert checkpoint.state == state(step)
        assert torch.equal(checkpoint.model["w"], WEIGHTS["w"])
    assert (working / "step-00000012/model.safetensors").samefile(finished / "model.safetensors")
    assert bytes_below(finished) == before


def test_a_checkpoint_that_is_there_already_is_left(finished: Path, tmp_path: Path) -> None:
    there = tmp_path / "cap.partial/step-00000012"
    there.mkdir(parents=True)
    take_over(finished, there.parent, 12, hashes_of(finished))
    assert list(there.iterdir()) == []


@pytest.mark.parametrize("name", FINAL)
def test_a_file_that_is_missing_or_cut_is_named(finished: Path, name: str) -> None:
    os.truncate(finished / name, 5)
    with pytest.raises(AuroraError, match=rf"^{name} in .*cap is missing or truncated\.$"):
        hashes_of(finished)
    (finished / name).unlink()
    with pytest.raises(AuroraError, match=rf"^{name} in "):
        hashes_of(finished)


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"outputs": []}', '{"outputs": {"a": 1}}'])
def test_without_a_manifest_nothing_is_known_of_the_files(finished: Path, content: str) -> None:
    (finished / "manifest.json").write_text(content)
    with pytest.raises(AuroraError, match=r"^manifest\.json in .*cap is missing or truncated\.$"):
        hashes_of(finished)


def test_a_stage_stopped_between_its_end_and_its_manifest_is_one_interrupted_at_its_end(tmp_path: Path) -> None:
    write_final(tmp_path, state(12))
    end_as_checkpoint(tmp_path, state(12))
    assert read_checkpoint(tmp_path / "step-00000012").state == state(12)
    assert not (tmp_path / STATE).exists()
    assert (tmp_path / "model.safetensors").is_file()


def test_a_disk_that_cannot_link_gets_copies(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    bench = Bench(lab)
    bench.train(lab.stage(6, schedule=CONSTANT))
    long = lab.stage(9, schedule=CONSTANT)
    bench.train(long)
    whole = Bench(lab, "whole")
    whole.train(long)
    alike(whole.finished, bench.finished)

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from aurora.errors import AuroraError
from aurora.files import sha256
from aurora.training.checkpoints.checkpoint import (
    Damaged,
    Keep,
    State,
    clear_crash_leavings,
    read_checkpoint,
    save_checkpoint,
    step_folders,
)


def state(step: int) -> State:
    return State("cap", {"seed": 1}, [], "fp32", 1, step, step, step * 8, step * 128, step * 100, 1.5, 128.0)


def save(folder: Path, step: int) -> Path:
    generator = torch.Generator().manual_seed(step)
    model = {"b": torch.randn(3, 4, generator=generator), "a": torch.randn(5, generator=generator)}
    moments = {f"exp_avg.{name}": tensor * 2 for name, tensor in model.items()} | {
        "updates": torch.tensor([step * 1.0])
    }
    return save_checkpoint(folder, state(step), model, moments)


def test_a_checkpoint_comes_back_as_it_was_and_the_newest_two_stay(tmp_path: Path) -> None:
    for step in (5, 10, 1000):
        save(tmp_path, step)
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["step-00000010", "step-00001000"]
    found = read_checkpoint(tmp_path / "step-00001000")
    assert found.state == state(1000)
    expected = torch.randn(3, 4, generator=torch.Generator().manual_seed(1000))
    assert torch.equal(found.model["b"], expected)
    assert torch.equal(found.optimizer["exp_avg.b"], expected * 2)


def test_equal_states_give_equal_bytes(tmp_path: Path) -> None:
    left, right = save(tmp_path / "left", 7), save(tmp_path / "right", 7)
    assert sorted(path.name for path in left.iterdir()) == [
        "checksums.json", "model.safetensors", "optimizer.safetensors", "state.json",
    ]  # fmt: skip
    assert all((left / path.name).read_bytes() == path.read_bytes() for path in right.iterdir())


def flip_a_byte(checkpoint: Path, name: str) -> None:
    content = bytearray((checkpoint / name).read_bytes())
    content[-3] ^= 1
    (checkpoint / name).write_bytes(content)


def cut(checkpoint: Path, name: str) -> None:
    os.truncate(checkpoint / name, 40)


def remove(checkpoint: Path, name: str) -> None:
    (checkpoint / name).unlink()


def take_from_another(checkpoint: Path, name: str) -> None:
    shutil.copy(checkpoint.with_name("step-00000010") / name, checkpoint / name)


@pytest.mark.parametrize("damage", [flip_a_byte, cut, remove, take_from_another])
@pytest.mark.parametrize("name", ["model.safetensors", "optimizer.safetensors", "state.json", "checksums.json"])
def test_a_damaged_checkpoint_is_refused_by_name(
    tmp_path: Path, damage: Callable[[Path, str], None], name: str
) -> None:
    save(tmp_path, 10)
    checkpoint = save(tmp_path, 20)
    damage(checkpoint, name)
    with pytest.raises(Damaged, match="step-00000020 is damaged: "):
        read_checkpoint(checkpoint)


def test_the_damaged_file_is_named(tmp_path: Path) -> None:
    checkpoint = save(tmp_path, 20)
    flip_a_byte(checkpoint, "optimizer.safetensors")
    with pytest.raises(
        Damaged, match=r"step-00000020 is damaged: optimizer\.safetensors has changed since it was written"
    ):
        read_checkpoint(checkpoint)


@pytest.mark.parametrize("sums", ['["state.json"]', '{"a": 1}', '{"../x.json": 1, "state.json": 1, "m.json": 1}', "{"])
def test_checksums_that_are_none_are_damage(tmp_path: Path, sums: str) -> None:
    checkpoint = save(tmp_path, 20)
    (checkpoint / "checksums.json").write_text(sums)
    with pytest.raises(Damaged, match=r"damaged: checksums\.json"):
        read_checkpoint(checkpoint)


def test_folders_of_others_are_no_checkpoints_and_stay(tmp_path: Path) -> None:
    for name in ("step-00000010.bak", "step-10", "step-old", ".step-notes"):
        (tmp_path / name).mkdir()
    for step in (5, 10, 100_000_000, 20):
        save(tmp_path, step)
    clear_crash_leavings(tmp_path)
    assert [path.name for path in step_folders(tmp_path)] == ["step-100000000", "step-00000020"]
    assert len(list(tmp_path.iterdir())) == 6


def test_the_step_from_which_a_stage_may_be_given_more_tokens_stays(tmp_path: Path) -> None:
    for step in (5, 10, 15, 20):
        save_checkpoint(tmp_path, state(step), {}, {}, keep=Keep(1, branch=10))
    assert [path.name for path in step_folders(tmp_path)] == ["step-00000020", "step-00000010"]
    assert [path.name for path in Keep(1, branch=10).superfluous(step_folders(tmp_path), finished=True)] == [
        "step-00000020"
    ]


def test_a_state_of_another_version_is_refused(tmp_path: Path) -> None:
    checkpoint = save(tmp_path, 10)
    values = json.loads((checkpoint / "state.json").read_text())
    others: list[dict[str, object]] = [{"new": 1}, {"step": "10"}, {"made_with": None}, {"edits": [1]}]
    for changed in (values | other for other in others):
        (checkpoint / "state.json").write_text(json.dumps(changed))
        checksums = json.loads((checkpoint / "checksums.json").read_text())
        checksums["state.json"] = sha256(checkpoint / "state.json")
        (checkpoint / "checksums.json").write_text(json.dumps(checksums))
        with pytest.raises(AuroraError, match="written by another version of Aurora"):
            read_checkpoint(checkpoint)


@pytest.mark.parametrize("call", range(5))
def test_a_full_disk_is_one_sentence_and_the_good_checkpoints_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    save(tmp_path, 10)
    save(tmp_path, 20)
    calls = iter(range(100))

    def fsync(descriptor: int) -> None:
        if next(calls) >= call:
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        with pytest.raises(
            AuroraError, match=r"The disk is full while writing .*: free some space and run the same command"
        ):
            save(tmp_path, 30)
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["step-00000010", "step-00000020"]
    assert read_checkpoint(tmp_path / "step-00000020").state.step == 20


def test_left_overs_of_a_crash_are_cleared_away(tmp_path: Path) -> None:
    save(tmp_path, 10)
    (tmp_path / ".step-00000020.partial").mkdir()
    (tmp_path / ".step-00000010.replaced").mkdir()
    clear_crash_leavings(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000010"]

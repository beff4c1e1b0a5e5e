"""Checkpoints written while training goes on: of the tensors as they were, and with no error lost."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from aurora.errors import AuroraError
from aurora.training.checkpoints.checkpoint import Keep, read_checkpoint, step_folders
from aurora.training.checkpoints.saving import Saver
from aurora.training.process.job import Job
from aurora.training.records.state import State


def state(step: int) -> State:
    return State("cap", {"seed": 1}, [], "fp32", 1, step, step, step * 8, step * 128, step * 100, 1.5, 128.0)


@pytest.fixture
def saver(tmp_path: Path) -> Iterator[Saver]:
    saver = Saver(tmp_path / "cap", Job(), Keep(2))
    yield saver
    saver.settle()


def test_what_is_saved_is_the_tensors_as_they_were(saver: Saver, tmp_path: Path) -> None:
    weights, moments = torch.zeros(1000, 100), torch.zeros(3)
    for step in (1, 2, 3):
        saver.save(state(step), {"w": weights}, {"exp_avg.w": moments})
        weights += 1  # as the next update does
        moments -= 1
    last = saver.wait()
    assert last == tmp_path / "cap/step-00000003"
    assert step_folders(tmp_path / "cap") == [last, tmp_path / "cap/step-00000002"]
    for path, step in ((last, 3), (tmp_path / "cap/step-00000002", 2)):
        found = read_checkpoint(path)
        assert found.state == state(step)
        assert bool((found.model["w"] == step - 1).all())
        assert bool((found.optimizer["exp_avg.w"] == 1 - step).all())


def test_a_tensor_that_is_trained_is_saved_without_its_history(saver: Saver) -> None:
    parameter = torch.nn.Parameter(torch.ones(2))
    saver.save(state(1), {"w": parameter}, {})
    found = saver.wait()
    assert found is not None
    assert torch.equal(read_checkpoint(found).model["w"], torch.ones(2))


def test_with_none_under_way_there_is_nothing_to_wait_for(saver: Saver) -> None:
    assert saver.wait() is None
    assert not saver.failed
    saver.settle()


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def fsync(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fsync)


@pytest.mark.usefixtures("full_disk")
def test_a_save_that_failed_is_known_and_raised_once(saver: Saver) -> None:
    saver.save(state(1), {}, {})
    saver.settle()
    assert saver.failed
    with pytest.raises(AuroraError, match="The disk is full while writing"):
        saver.wait()
    assert not saver.failed
    assert saver.wait() is None


@pytest.mark.usefixtures("full_disk")
def test_the_next_save_raises_what_went_wrong_in_the_one_before(saver: Saver) -> None:
    saver.save(state(1), {}, {})
    with pytest.raises(AuroraError, match="The disk is full while writing"):
        saver.save(state(2), {}, {})

"""Answers of a command that was stopped are there when it is given again, and gone when it is done."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from aurora.evaluation.scorer.resuming import STALE, resuming


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "aurora/answers"


def test_a_file_is_there_for_the_same_command_until_it_is_done(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyboardInterrupt), resuming(["a", {"limit": 3}]) as path:
        assert path is not None
        path.write_bytes(b"answers")
        raise KeyboardInterrupt
    assert "goes on" not in capsys.readouterr().err
    with resuming(["a", {"limit": 4}]) as other:
        assert other != path
        assert other.parent == cache  # type: ignore[union-attr]
    with resuming(["a", {"limit": 3}]) as again:
        assert again == path
        assert again.read_bytes() == b"answers"
    assert "goes on where the same command was stopped" in capsys.readouterr().err
    assert list(cache.iterdir()) == []


def test_nobody_comes_back_for_answers_after_a_month(cache: Path) -> None:
    cache.mkdir(parents=True)
    for name, age in (("old.sqlite", STALE + 60), ("new.sqlite", 60), ("old.txt", STALE + 60)):
        (cache / name).write_bytes(b"")
        os.utime(cache / name, (time.time() - age,) * 2)
    with resuming("asked"):
        assert sorted(path.name for path in cache.iterdir()) == ["new.sqlite", "old.txt"]


def test_without_a_place_for_it_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with resuming("asked") as path:
        assert path is None


def test_machines_of_one_job_share_none(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "8")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "4")
    with resuming("asked") as path:
        assert path is None
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "8")
    with resuming("asked") as path:
        assert path is not None

"""Folders made once: whole or absent, and named by what they were made from."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aurora.evaluation.sandbox.toolchains.prepared import final_name, prepared


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def test_a_folder_is_made_once_for_what_it_was_made_from(cache: Path) -> None:
    made = []

    def make(folder: Path) -> None:
        made.append(final_name(folder))
        (folder / "library").write_text("compiled")

    first = prepared("Go", ("1.19", "fmt"), make)
    assert prepared("Go", ("1.19", "fmt"), make) == first
    assert prepared("Go", ("1.20", "fmt"), make) != first
    assert prepared("Go", ("1.19f", "mt"), make) != first
    assert made[0] == first
    assert len(made) == 3
    assert (first / "library").read_text() == "compiled"


def test_nothing_is_left_of_one_that_failed(cache: Path) -> None:
    def make(folder: Path) -> None:
        (folder / "half").write_text("")
        raise RuntimeError("no memory")

    with pytest.raises(RuntimeError, match="no memory"):
        prepared("Rust", ("1",), make)
    assert list((cache / "aurora" / "sandbox").iterdir()) == []


def test_what_a_killed_process_left_is_removed_a_day_later(cache: Path) -> None:
    first = prepared("Go", ("1",), lambda folder: None)
    old, new = (first.with_name(f"{first.name}.partial-{name}") for name in ("old", "new"))
    first.rmdir()
    for folder in (old, new):
        folder.mkdir()
    os.utime(old, (0, 0))
    prepared("Go", ("1",), lambda folder: None)
    assert (old.exists(), new.exists()) == (False, True)

"""What is moved out of a stage's way: under a free name beside it, with nothing lost and nothing written over."""

from __future__ import annotations

from pathlib import Path

import pytest

from aurora.run.working import FINGERPRINT
from aurora.training.checkpoints.aside import RECORDS, Aside, copy_records


@pytest.fixture
def working(tmp_path: Path) -> Path:
    """A working folder with its mark, checkpoints of three steps and a file of metrics."""
    folder = tmp_path / "cap.partial"
    for step in (2, 4, 10):
        (folder / f"step-{step:08d}").mkdir(parents=True)
    (folder / FINGERPRINT).write_text("a" * 64)
    (folder / "metrics.jsonl").write_text("of all steps")
    return folder


@pytest.fixture
def aside(tmp_path: Path) -> Aside:
    return Aside(tmp_path / "cap")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_it_lies_beside_the_stage_and_is_made_with_the_first_that_is_moved(aside: Aside, tmp_path: Path) -> None:
    assert aside.folder == tmp_path / "cap.set-aside"
    assert not aside.folder.exists()


def test_a_name_that_is_taken_gets_a_number(aside: Aside, tmp_path: Path) -> None:
    for content in ("first", "second", "third"):
        (tmp_path / "cap").mkdir()
        (tmp_path / "cap/model").write_text(content)
        aside.move(tmp_path / "cap", "finished")
    kept = [aside.folder / name for name in ("finished", "finished-2", "finished-3")]
    assert [(path / "model").read_text() for path in kept] == ["first", "second", "third"]


def test_beginning_anew_moves_all_but_the_mark(aside: Aside, working: Path) -> None:
    moved = aside.move_all(working)
    assert moved == aside.folder / "interrupted"
    assert names(moved) == ["metrics.jsonl", "step-00000002", "step-00000004", "step-00000010"]
    assert names(working) == [FINGERPRINT]


def test_final_files_without_a_checkpoint_are_work_too(aside: Aside, working: Path) -> None:
    for path in working.glob("step-*"):
        path.rmdir()
    assert aside.move_all(working) is None  # records alone are no hours of training
    (working / "state.json").write_text("{}")
    assert aside.move_all(working) == aside.folder / "interrupted"


def test_going_on_from_an_earlier_step_moves_those_behind_it_and_copies_the_records(
    aside: Aside, working: Path
) -> None:
    moved = aside.move_after(working, 2)
    assert moved == aside.folder / "after-step-00000002"
    assert names(moved) == ["metrics.jsonl", "step-00000004", "step-00000010"]
    assert names(working) == [FINGERPRINT, "metrics.jsonl", "step-00000002"]
    assert aside.move_after(working, 2) is None


def test_only_records_are_copied(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir(), target.mkdir()
    for name in (*RECORDS, "state.json", "model.safetensors"):
        (source / name).write_text(name)
    copy_records(source, target)
    assert names(target) == sorted(RECORDS)

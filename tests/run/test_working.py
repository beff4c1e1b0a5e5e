"""The folder a step works in: whose it is, what of an earlier attempt stays, and what is somebody else's."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from aurora.errors import UserError
from aurora.run.working import (
    FINGERPRINT,
    discard_work,
    is_work,
    keep_work_from_loss,
    sweep,
    take_up,
    working_folder,
)

MARK, OTHER = "a" * 64, "b" * 64


@pytest.fixture
def partial(tmp_path: Path) -> Path:
    """The working folder of `out`, with a file in it from an earlier attempt."""
    partial = working_folder(tmp_path / "out")
    take_up(partial, MARK, keep_edited=False)
    (partial / "half").write_text("work")
    return partial


def test_it_lies_beside_the_place_that_it_will_take(tmp_path: Path) -> None:
    assert working_folder(tmp_path / "checkpoints/cap") == tmp_path / "checkpoints/cap.partial"


def test_the_mark_says_whose_it_is(partial: Path) -> None:
    assert (partial / FINGERPRINT).read_text() == MARK
    assert is_work(partial)
    assert not is_work(partial.with_name("another.partial"))


@pytest.mark.parametrize(
    ("mark", "keep_edited", "stays"), [(MARK, False, True), (OTHER, False, False), (OTHER, True, True)]
)
def test_work_stays_for_the_same_step_or_where_edits_are_looked_at(
    partial: Path, mark: str, keep_edited: bool, stays: bool
) -> None:
    (partial / "deep").mkdir()
    take_up(partial, mark, keep_edited)
    assert (partial / FINGERPRINT).read_text() == mark
    assert (partial / "half").exists() == (partial / "deep").exists() == stays


def test_a_mark_whose_writing_was_interrupted_is_ours_and_of_no_step(partial: Path) -> None:
    (partial / FINGERPRINT).write_text("")
    assert is_work(partial)
    take_up(partial, MARK, keep_edited=False)
    assert not (partial / "half").exists()


def test_killed_when_it_was_about_to_be_published_it_is_known_by_its_manifest(partial: Path) -> None:
    (partial / FINGERPRINT).unlink()
    (partial / "manifest.json").write_text(json.dumps({"fingerprint": MARK, "outputs": {}}))
    assert is_work(partial)
    take_up(partial, MARK, keep_edited=False)
    assert (partial / "half").read_text() == "work"
    assert not (partial / "manifest.json").exists()


def a_file(partial: Path) -> None:
    partial.write_text("mine")


def a_link(partial: Path) -> None:
    partial.symlink_to(partial.parent)


def notes(partial: Path) -> None:
    partial.mkdir()
    (partial / "notes.txt").write_text("mine")


def another_mark(partial: Path) -> None:
    notes(partial)
    (partial / FINGERPRINT).write_text("of another program")


@pytest.mark.parametrize(
    ("put", "said"),
    [
        (a_file, "is in the way and"),
        (a_link, "is in the way and"),
        (notes, r"holds notes\.txt and"),
        (another_mark, r"holds \.fingerprint and"),
    ],
)
def test_what_is_somebody_elses_is_refused_and_left(tmp_path: Path, put: Callable[[Path], None], said: str) -> None:
    partial = working_folder(tmp_path / "out")
    put(partial)
    for refused in (
        lambda: keep_work_from_loss(tmp_path / "out"),
        lambda: take_up(partial, MARK, keep_edited=False),
    ):
        with pytest.raises(UserError, match=rf"out\.partial {said} was not written by Aurora: move it away"):
            refused()
    discard_work(tmp_path / "out")
    assert partial.exists()
    assert put not in (notes, another_mark) or (partial / "notes.txt").read_text() == "mine"


def test_an_empty_folder_is_nobodys_and_may_be_taken(tmp_path: Path) -> None:
    partial = working_folder(tmp_path / "out")
    partial.mkdir()
    keep_work_from_loss(tmp_path / "out")
    take_up(partial, MARK, keep_edited=False)
    assert is_work(partial)


def test_what_an_attempt_left_can_be_discarded(tmp_path: Path, partial: Path) -> None:
    (partial / "elsewhere").symlink_to(tmp_path)  # a link goes, and not what it leads to
    discard_work(tmp_path / "out")
    assert not partial.exists()
    assert tmp_path.is_dir()
    discard_work(tmp_path / "out")  # where there is none


def test_the_mark_goes_last(tmp_path: Path, partial: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed before, the folder is still known to be ours."""
    beside: list[list[Path]] = []
    unlink = Path.unlink

    def watched(path: Path, missing_ok: bool = False) -> None:
        if path.name == FINGERPRINT:
            beside.append([other for other in path.parent.iterdir() if other != path])
        unlink(path, missing_ok)

    (partial / "more").write_text("work")
    monkeypatch.setattr(Path, "unlink", watched)
    discard_work(tmp_path / "out")
    assert beside == [[]]


def test_what_killed_attempts_left_half_written_is_swept(partial: Path) -> None:
    (partial / "sub/.step-1.partial/deep").mkdir(parents=True)
    for name in (".data.txt.12.partial", "sub/.data.txt.7.partial", "sub/.step-1.partial/deep/.file.3.partial", "data"):
        (partial / name).write_text("x")
    sweep(partial)
    assert {path.name for path in partial.rglob("*")} == {FINGERPRINT, "half", "sub", "data"}

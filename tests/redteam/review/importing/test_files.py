from __future__ import annotations

import os
from pathlib import Path

import pytest

from aurora.errors import UserError
from aurora.redteam.review.importing import files
from aurora.redteam.review.importing.files import files_of, kind_of


def test_items_of_a_folder_are_those_below_it(tmp_path: Path) -> None:
    for name in ("data/a.parquet", "b.jsonl", "summary.json", ".cache/c.jsonl", "README.md", "preferences.jsonl"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert [path.relative_to(tmp_path).as_posix() for path in files_of(tmp_path)] == ["b.jsonl", "data/a.parquet"]


@pytest.mark.parametrize("way", ["file", "folder", "dots"])
def test_nothing_outside_is_read_through_a_link(tmp_path: Path, way: str) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    (outside / "secret.jsonl").write_text('{"prompt": "secret"}\n')
    if way == "file":
        (inside / "a.jsonl").symlink_to(outside / "secret.jsonl")
    elif way == "folder":
        (inside / "a").symlink_to(outside)
    else:
        (inside / "a.jsonl").symlink_to("../outside/secret.jsonl")
    with pytest.raises(UserError, match=r"link|holds no file"):
        files_of(inside)


def test_what_is_too_large_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jsonl"
    with open(path, "wb") as stream:
        os.ftruncate(stream.fileno(), files.LARGEST_FILE + 1)  # a sparse file takes no room
    with pytest.raises(UserError, match="split it"):
        files_of(path)
    monkeypatch.setattr(files, "MOST_SEEN", 0)
    with pytest.raises(UserError, match="more than 0 files and folders"):
        files_of(tmp_path)
    monkeypatch.setattr(files, "MOST_SEEN", 10)
    monkeypatch.setattr(files, "MOST_FILES", 0)
    path.write_text("")
    with pytest.raises(UserError, match="more than 0 files"):
        files_of(tmp_path)


def test_what_is_no_file_of_items_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        files_of(tmp_path / "none")
    with pytest.raises(UserError, match="holds no file"):
        files_of(tmp_path)
    (tmp_path / "a.exe").touch()
    with pytest.raises(UserError, match="of no kind"):
        files_of(tmp_path / "a.exe")
    os.mkfifo(tmp_path / "pipe.jsonl")
    with pytest.raises(UserError, match="pipe"):
        files_of(tmp_path / "pipe.jsonl")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.jsonl", ".jsonl"),
        ("a.jsonl.gz", ".jsonl"),
        ("a.jsonl.zst", ".jsonl"),
        ("a.csv.gz", ""),
        ("a.gz", ""),
        ("a", ""),
    ],
    ids=range(6),
)
def test_a_kind_is_told_by_the_ending(name: str, kind: str) -> None:
    assert kind_of(Path(name)) == kind

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from aurora.errors import AuroraError, UserError
from aurora.files import sha256, write_json
from aurora.folders import MISSING, clear_replaced, extras, faults, keep_from_loss, listed_in, publish


def listed(folder: Path, **files: str) -> Path:
    """A folder with files and a list of them."""
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_text(content)
    write_json(folder / "checksums.json", {name: sha256(folder / name) for name in files})
    return folder


def tree(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_replaces_one_that_is_as_it_was_written(tmp_path: Path) -> None:
    final, partial = listed(tmp_path / "step", old="x"), listed(tmp_path / "step.partial", new="y")
    publish(partial, final)
    assert sorted(tree(final)) == ["checksums.json", "new"]
    assert [path.name for path in tmp_path.iterdir()] == ["step"]


@pytest.mark.parametrize("kind", ["no list", "another file", "in a folder", "altered", "link", "link to a folder"])
def test_what_is_not_ours_is_never_replaced(tmp_path: Path, kind: str) -> None:
    final, partial = listed(tmp_path / "step", data="x"), listed(tmp_path / "step.partial", data="y")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/precious").write_text("all my work")
    match kind:
        case "no list":
            (final / "checksums.json").unlink()
        case "another file":
            (final / "notes.txt").write_text("mine")
        case "in a folder":
            (final / "sub").mkdir()
            (final / "sub/.notes").write_text("mine")
        case "altered":
            (final / "data").write_text("z")
        case "link":
            (final / "more").symlink_to(tmp_path / "mine/precious")
        case "link to a folder":
            (final / "more").symlink_to(tmp_path / "mine")
    before = tree(tmp_path)
    with pytest.raises(UserError, match=r"move it away"):
        publish(partial, final)
    assert tree(tmp_path) == before


def test_a_place_that_is_a_file_or_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("file", "link"):
        with pytest.raises(UserError, match="is a file or a link"):
            keep_from_loss(tmp_path / name)
    (tmp_path / "empty").mkdir()
    keep_from_loss(tmp_path / "empty")


@pytest.mark.parametrize("name", ["../mine", "/etc/passwd", "a/../../mine", "", "a\0b"])
def test_a_list_names_nothing_outside_of_its_folder(tmp_path: Path, name: str) -> None:
    """Else a list made by somebody could have any file removed."""
    (tmp_path / "mine").write_text("precious")
    folder = listed(tmp_path / "step", data="x")
    write_json(folder / "checksums.json", {name: "0" * 64})
    with pytest.raises(AuroraError, match="does not list the files"):
        publish(listed(tmp_path / "step.partial", data="y"), folder)
    assert (tmp_path / "mine").read_text() == "precious"


def test_a_list_that_is_a_pipe_or_a_link_is_none(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "manifest.json")
    assert listed_in(tmp_path) is None
    (tmp_path / "manifest.json").unlink()
    (tmp_path / "manifest.json").symlink_to(tmp_path / "other.json")
    assert listed_in(tmp_path) is None


def test_killed_between_the_two_renames_the_older_folder_comes_back(tmp_path: Path) -> None:
    final = listed(tmp_path / "step", old="x")
    final.replace(tmp_path / ".step.replaced")
    clear_replaced(final)
    assert sorted(tree(final)) == ["checksums.json", "old"]


def test_killed_after_the_swap_or_while_removing_the_older_folder_goes(tmp_path: Path) -> None:
    final, old = listed(tmp_path / "step", new="y"), listed(tmp_path / ".step.replaced", a="x", b="y")
    (old / "a").unlink()
    clear_replaced(final)
    assert [path.name for path in tmp_path.iterdir()] == ["step"]


def test_removing_leaves_what_came_in_between(tmp_path: Path) -> None:
    final, old = listed(tmp_path / "step", new="y"), listed(tmp_path / ".step.replaced", a="x")
    (old / "notes").write_text("mine")
    clear_replaced(final)
    assert (old / "notes").read_text() == "mine"
    assert not (old / "a").exists()
    with pytest.raises(UserError, match=r"\.step\.replaced was not written by Aurora"):
        publish(listed(tmp_path / "step.partial", new="z"), final)
    assert (final / "new").read_text() == "y"


def test_missing_files_are_nothing_to_lose(tmp_path: Path) -> None:
    final = listed(tmp_path / "step", a="x", b="y")
    (final / "a").unlink()
    hashes = json.loads((final / "checksums.json").read_text())
    assert faults(final, hashes) == {"a": MISSING}
    publish(listed(tmp_path / "step.partial", a="x", b="y"), final)
    assert not faults(final, hashes)
    assert extras(final, hashes) == []

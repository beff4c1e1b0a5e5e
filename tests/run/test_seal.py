from __future__ import annotations

import json
from pathlib import Path

import pytest

from aurora.errors import AuroraError, UserError
from aurora.files import sha256
from aurora.run import seal
from aurora.run.seal import Seal, read_seal


def known(run: Path) -> Seal:
    found = read_seal(run)
    assert found is not None
    return found


def test_a_part_is_expected_before_and_after_it_takes_its_place(tmp_path: Path) -> None:
    seal.begin(tmp_path)
    (tmp_path / "recipe.json").write_text("old")
    seal.settle(tmp_path, "recipe.json")
    old = sha256(tmp_path / "recipe.json")
    seal.announce(tmp_path, "recipe.json", "new")
    assert known(tmp_path).expected("recipe.json") == {old, "new"}
    assert known(tmp_path).expected("report.json") == set()


@pytest.mark.parametrize("arrived", [True, False])
def test_killed_before_or_after_a_part_took_its_place_the_run_goes_on(tmp_path: Path, arrived: bool) -> None:
    seal.begin(tmp_path)
    path = tmp_path / "recipe.json"
    path.write_text("old")
    seal.settle(tmp_path, "recipe.json")
    seal.finish(tmp_path, ["recipe.json"])
    path.write_text("new")
    new = sha256(path)
    path.write_text("new" if arrived else "old")
    seal.announce(tmp_path, "recipe.json", new)
    seal.begin(tmp_path)
    assert known(tmp_path).parts == {"recipe.json": sha256(path)}
    assert known(tmp_path).coming == {}
    assert not known(tmp_path).finished


def test_what_no_recipe_names_any_more_is_of_an_earlier_form(tmp_path: Path) -> None:
    seal.begin(tmp_path)
    for name in ("a", "b", "gone"):
        (tmp_path / name).write_text(name)
        seal.settle(tmp_path, name)
    (tmp_path / "gone").unlink()
    seal.finish(tmp_path, ["a"])
    assert (known(tmp_path).parts.keys(), known(tmp_path).earlier.keys()) == ({"a"}, {"b"})
    seal.settle(tmp_path, "b")
    assert known(tmp_path).earlier == {}


@pytest.mark.parametrize("key", ["finished", "parts", "sha256", "schema", "none"])
def test_an_altered_seal_is_refused(tmp_path: Path, key: str) -> None:
    seal.begin(tmp_path)
    values = json.loads((tmp_path / "seal.json").read_text())
    values[key] = {"corpus/manifest.json": "0" * 64} if key == "parts" else True
    (tmp_path / "seal.json").write_text(json.dumps(values))
    with pytest.raises(AuroraError, match=r"seal\.json has changed since it was written"):
        read_seal(tmp_path)


@pytest.mark.parametrize("content", ["{}", "[]", "1", "null", "{", ""])
def test_a_seal_that_is_none_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "seal.json").write_text(content)
    with pytest.raises(AuroraError, match=r"seal\.json has changed since it was written"):
        read_seal(tmp_path)


def test_a_file_of_the_users_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("mine")
    for begun in (False, True):
        if begun:
            seal.begin(tmp_path)
        with pytest.raises(UserError, match=r"report\.html was not written by this run"):
            seal.write_sealed(tmp_path, "report.html", "a page")
    assert (tmp_path / "report.html").read_text() == "mine"


def test_an_edited_file_of_the_run_is_not_written_over(tmp_path: Path) -> None:
    seal.begin(tmp_path)
    for text in ("a page", "a page", "a newer page"):
        seal.write_sealed(tmp_path, "report.html", text)
    (tmp_path / "report.html").write_text("a page with notes")
    with pytest.raises(AuroraError, match=r"report\.html has changed since it was written"):
        seal.write_sealed(tmp_path, "report.html", "the newest page")
    assert (tmp_path / "report.html").read_text() == "a page with notes"

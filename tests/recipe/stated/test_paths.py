"""Paths of a recipe that is extended: each means the file that it meant where it was stated."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from aurora.recipe.stated.paths import moved


def recipe(**source: Any) -> dict[str, Any]:
    return {"name": "a", "corpus": {"sources": {"web": {"kind": "jsonl", **source}}}}


def paths(values: dict[str, Any]) -> list[str]:
    found: list[str] = values["corpus"]["sources"]["web"]["paths"]
    return found


@pytest.mark.parametrize(
    ("old", "new", "stated", "found"),
    [
        ("one", "two", "a.jsonl", "../one/a.jsonl"),
        ("one", "two", "deep/*.jsonl", "../one/deep/*.jsonl"),
        ("one", "two", "../a.jsonl", "../a.jsonl"),
        ("one", "two", "../two/a.jsonl", "a.jsonl"),
        ("one", ".", "a.jsonl", "one/a.jsonl"),
        (".", "two", "a.jsonl", "../a.jsonl"),
        ("one", "two", "/abroad/a.jsonl", "/abroad/a.jsonl"),
        ("one", "one", "./a.jsonl", "./a.jsonl"),
    ],
)
def test_a_path_means_the_file_it_meant(tmp_path: Path, old: str, new: str, stated: str, found: str) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    values = moved(recipe(paths=[stated]), tmp_path / old, tmp_path / new)
    assert paths(values) == [found]
    before, after = (os.path.normpath(tmp_path / place / path) for place, path in ((old, stated), (new, found)))
    assert before == after


def test_what_is_no_path_stays(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    given = recipe(paths=["a.jsonl"], language="fi", license="a/b") | {"stages": {"base": {"mixture": {"web/fi": 1}}}}
    found = moved(given, tmp_path / "one", tmp_path)
    assert paths(found) == ["one/a.jsonl"]
    found["corpus"]["sources"]["web"]["paths"] = ["a.jsonl"]
    assert found == given


def test_a_name_is_a_path_only_where_there_is_such_a_folder(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    values = {"model": {"path": "owner/model"}, "tokens": {"path": "owner/model"}}
    assert moved(values, tmp_path / "one", tmp_path) == values
    (tmp_path / "one/owner/model").mkdir(parents=True)
    assert moved(values, tmp_path / "one", tmp_path)["model"] == {"path": "one/owner/model"}


@pytest.mark.parametrize("odd", [None, 7, "text", [1, 2], {"web": 7}, {"web": {"kind": "nothing", "paths": 7}}])
def test_what_is_no_recipe_is_left_for_its_check(tmp_path: Path, odd: Any) -> None:
    values = {"corpus": {"sources": odd}}
    assert moved(values, tmp_path / "one", tmp_path) == values

"""Answers are there again exactly; a file that is something else is left as it is."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from aurora.errors import UserError
from aurora.kept import Responses


def test_answers_are_there_again_exactly(tmp_path: Path) -> None:
    answers: dict[str, Any] = {"a": [-1.2345678901234567e-7, True], "b": "नदी\n", **{f"k{n}": n for n in range(1200)}}
    with Responses(tmp_path / "made" / "cache.sqlite") as responses:
        responses.keep(answers)
    with Responses(tmp_path / "made" / "cache.sqlite") as responses:
        assert responses.known([*answers, "other"]) == answers


def test_answers_are_written_all_or_none(tmp_path: Path) -> None:
    with Responses(tmp_path / "cache") as responses:
        with pytest.raises(TypeError):
            responses.keep({"a": 1, "b": {1, 2}})  # what JSON cannot hold
        assert responses.known(["a"]) == {}


@pytest.mark.parametrize("content", [b"no base at all, but some text", b"SQLite format 3\0" + b"x" * 200])
def test_another_file_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "cache"
    path.write_bytes(content)
    with pytest.raises(UserError, match="cannot be used as a cache of answers"):
        Responses(path)
    assert path.read_bytes() == content


def test_a_table_of_another_shape_is_one_sentence(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "cache") as base:
        base.execute("CREATE TABLE answers (key INTEGER)")
    before = (tmp_path / "cache").read_bytes()
    with pytest.raises(UserError, match=r"cannot be used as a cache of answers \(it holds other tables\)"):
        Responses(tmp_path / "cache")
    assert (tmp_path / "cache").read_bytes() == before


def test_a_data_base_of_the_users_is_no_cache(tmp_path: Path) -> None:
    path = tmp_path / "mine.db"
    with sqlite3.connect(path) as base:
        base.execute("CREATE TABLE notes (text TEXT)")
    before = path.read_bytes()
    with pytest.raises(UserError, match=r"mine\.db cannot be used as a cache of answers \(it holds other tables\)"):
        Responses(path)
    assert path.read_bytes() == before
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match="it is no file"):
        Responses(tmp_path / "pipe")
    for _ in range(2):
        with Responses(tmp_path / "ours.db") as responses:
            responses.keep({"a": 1})
            assert responses.known(["a"]) == {"a": 1}


def test_answers_wait_as_long_as_they_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("aurora.kept.time.monotonic", lambda: clock[0])
    path = tmp_path / "cache"

    def written() -> int:
        with sqlite3.connect(path) as base:
            return int(base.execute("SELECT count(*) FROM answers").fetchone()[0])

    with Responses(path, patience=1.0) as responses:
        responses.keep({"a": 1})
        assert written() == 0
        clock[0] += 1.1
        responses.keep({"b": 2})
        assert written() == 2  # and a kill loses neither
        responses.keep({"c": 3})
        assert responses.known(["c"]) == {"c": 3}
        responses.keep({"d": 4})
    assert written() == 4

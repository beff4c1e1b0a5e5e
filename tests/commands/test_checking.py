"""`aurora check`: a list for people, data for programs, and 2 where there is a mistake."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aurora.cli import main


def ended(*arguments: str) -> int:
    try:
        main(list(arguments))
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_a_recipe_without_a_mistake(capsys: pytest.CaptureFixture[str], minimal_recipe: Path) -> None:
    (minimal_recipe.parent / "web.jsonl").write_text('{"lang": "en", "text": "A line."}\n')
    assert ended("check", str(minimal_recipe)) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[-1] == f"{minimal_recipe} has no mistakes."
    assert all(line.startswith("Note: ") for line in out[:-1])


def test_a_mistake_is_listed_and_ends_with_2(capsys: pytest.CaptureFixture[str], minimal_recipe: Path) -> None:
    assert ended("check", str(minimal_recipe), "sede=1") == 2
    assert capsys.readouterr().out.splitlines() == [
        "command line: unknown key sede (did you mean seed?).",
        f"{minimal_recipe}, line 4: corpus.sources.web.paths: no file matches {minimal_recipe.parent}/web.jsonl; "
        "check the path.",
        f"{minimal_recipe} has 2 mistakes.",
    ]
    assert ended("check", str(minimal_recipe), "--json") == 2
    told = json.loads(capsys.readouterr().out)
    assert told.keys() == {"recipe", "mistakes", "notes"}
    assert len(told["mistakes"]) == 1


def test_a_recipe_that_is_not_there_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended("check", "tinny") == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "did you mean tiny?" in said

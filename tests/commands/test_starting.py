"""`aurora init`: from the command line, asking only a person, and only what no option has answered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aurora.cli import main
from small_run import WORDS


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.jsonl").write_text("".join(json.dumps({"text": f"{n} {WORDS['fi']}"}) + "\n" for n in range(200)))
    return tmp_path


def ended(*arguments: str) -> int:
    try:
        main(list(arguments))
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_it_writes_a_recipe_and_says_why_and_what_comes_next(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended("init", "mine", "--language", "fi", "--text", "*.jsonl", "--policy") == 0
    said = capsys.readouterr().out.splitlines()
    assert said[-1] == "Next: aurora run mine/recipe.yaml"
    assert "Wrote mine/recipe.yaml." in said
    assert "Wrote mine/policy/fi.yaml." in said
    assert any(line.startswith("1 file of JSON lines") for line in said)


def test_data_is_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended("init", "mine", "--language", "fi", "--text", "a.jsonl", "--yes", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["recipe"] == "mine/recipe.yaml"
    assert told["written"] == ["mine/recipe.yaml", "mine/recipe.schema.json"]  # the second is for editors


@pytest.mark.parametrize(
    ("options", "missing"), [(["--text", "a.jsonl"], "--language"), (["--language", "fi"], "--text")]
)
def test_what_is_missing_is_a_mistake_where_nobody_can_be_asked(
    capsys: pytest.CaptureFixture[str], options: list[str], missing: str
) -> None:
    assert ended("init", "mine", *options, "--yes") == 2
    assert f"Missing option '{missing}'." in capsys.readouterr().err
    assert not Path("mine").exists()


def test_what_the_shell_has_expanded_is_text_too(here: Path) -> None:
    (here / "b.jsonl").write_text((here / "a.jsonl").read_text())
    assert ended("init", "mine", "--language", "fi", "--text", "a.jsonl", "b.jsonl", "--yes") == 0
    assert "paths: [../a.jsonl, ../b.jsonl]" in Path("mine/recipe.yaml").read_text()


def test_a_person_is_asked_again_for_what_cannot_be(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    answers = iter(["none.jsonl", "a.jsonl", "finnish", "fi"])
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda prompt: next(answers))
    assert ended("init", "mine") == 0
    said = capsys.readouterr().err
    assert "--text none.jsonl: no file matches" in said
    assert "'finnish' is not a language label" in said
    assert Path("mine/recipe.yaml").is_file()


def test_a_person_is_asked_for_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    answers = iter(["a.jsonl", "fi"])
    monkeypatch.setattr("click.prompt", lambda question, err, value_proc: value_proc(next(answers)))
    assert ended("init", "mine") == 0
    assert Path("mine/recipe.yaml").is_file()
    assert "Next: aurora run mine/recipe.yaml" in capsys.readouterr().out

"""`aurora ls`, `aurora schema`, `aurora env`, and recipes by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.shell_completion import CompletionItem
from click.testing import CliRunner

from aurora.cli import aurora
from aurora.commands.options import RecipeName


def output(*arguments: str) -> str:
    done = CliRunner().invoke(aurora, list(arguments))
    assert done.exit_code == 0, done.output
    return done.output


def test_a_list_is_text_paths_or_data() -> None:
    lines = output("ls", "recipes").splitlines()
    assert any(line.startswith("tiny ") for line in lines)
    paths = output("ls", "recipes", "--paths").splitlines()
    assert len(paths) == len(lines)
    assert all(Path(path).is_file() for path in paths)
    data = json.loads(output("ls", "recipes", "--json"))
    assert [entry["path"] for entry in data] == paths
    assert {entry["name"] for entry in json.loads(output("ls", "models", "--json"))} >= {"llama", "qwen3"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ls", "rules", "--paths"), "rules are not files"),
        (
            ("ls", "recipe"),
            "suites (did you mean recipes?)",
        ),
    ],
    ids=["no files", "no kind"],
)
def test_a_wrong_list_is_a_usage_error(arguments: tuple[str, ...], said: str) -> None:
    done = CliRunner().invoke(aurora, list(arguments))
    assert done.exit_code == 2
    assert said in done.output


def test_the_schema_is_json_and_the_environment_text_or_data() -> None:
    assert json.loads(output("schema"))["title"] == "A recipe of Aurora"
    data = json.loads(output("env", "--json"))
    assert data["python"] in output("env")


def test_a_recipe_is_run_and_extended_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "name: tiny " in output("run", "tiny", "--show")
    Path("mine.yaml").write_text("extends: tiny\nname: mine\nredteam: {policy: eo-14110}\n", encoding="utf-8")
    shown = output("run", "mine.yaml", "--show")
    assert "name: mine  # mine.yaml:2" in shown
    assert "policy: eo-14110  # mine.yaml:3" in shown
    done = CliRunner().invoke(aurora, ["run", "tinny", "--show"])
    assert "The recipe tinny does not exist: check the path (did you mean tiny?)." in str(done.exception)


def test_a_shell_completes_names_and_files() -> None:
    context = aurora.make_context("aurora", ["run"], resilient_parsing=True)
    found = RecipeName().shell_complete(context, aurora.params[0], "tin")
    assert {item.value for item in found} >= {"tiny", "tin"}
    assert all(isinstance(item, CompletionItem) for item in found)

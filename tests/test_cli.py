from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest

from aurora.cli import aurora, main


def invoke(*arguments: object) -> int:
    with pytest.raises(SystemExit) as end:
        main([str(argument) for argument in arguments])
    code = end.value.code
    assert isinstance(code, int)
    return code


def commands(path: str, command: click.Command) -> dict[str, click.Command]:
    found = {path: command}
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            found |= commands(f"{path} {name}", inner)
    return found


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys\nfrom aurora.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'torch', 'pyarrow', 'numpy', 'pydantic', 'tokenizers', 'transformers', 'yaml'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "aurora run RECIPE" in done.stdout


def test_every_command_has_help_and_is_documented(root: Path) -> None:
    page = (root / "docs/commands.md").read_text(encoding="utf-8")
    for path, command in commands("aurora", aurora).items():
        assert command.help, path
        assert f"## {path}\n" in page, f"run `make docs`: {path} is not in docs/commands.md"
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{path} {parameter.opts}"
                assert parameter.opts[0] in page


def test_a_users_mistake_ends_with_2_and_one_sentence(minimal_recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    minimal_recipe.with_name("web.jsonl").write_text('{"text": "One line.", "lang": "en"}\n', encoding="utf-8")
    assert invoke("run", minimal_recipe, "sede=1") == 2
    assert capsys.readouterr().err == "Error: command line: unknown key sede (did you mean seed?).\n"
    assert invoke("run", minimal_recipe.with_name("none.yaml")) == 2
    assert invoke("run", minimal_recipe, "--until", "nothing", "--output", minimal_recipe.parent / "run") == 2
    assert "choose from corpus, tokenizer, tokens" in capsys.readouterr().err
    assert invoke("run") == 2
    assert invoke("nothing") == 2
    assert invoke("chat", minimal_recipe.parent) == 2
    assert invoke("verify", minimal_recipe.parent) == 2


def test_an_unexpected_error_ends_with_1_and_no_trace(
    minimal_recipe: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("aurora.checking.check.load_recipe", broken)
    assert invoke("run", minimal_recipe) == 1
    assert capsys.readouterr().err == "Unexpected RuntimeError: boom (aurora --debug shows the trace).\n"
    assert invoke("--debug", "run", minimal_recipe) == 1
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")]
)
def test_a_lack_of_memory_is_a_sentence(
    minimal_recipe: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def broken(*_: object) -> None:
        raise error

    monkeypatch.setattr("aurora.checking.check.load_recipe", broken)
    assert invoke("run", minimal_recipe) == 1
    assert capsys.readouterr().err.startswith("Error: There is not enough memory for this")


def test_show_prints_the_effective_recipe(minimal_recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["run", str(minimal_recipe), "--show", "seed=5"])
    assert "seed: 5  # command line" in capsys.readouterr().out
    main(["run", str(minimal_recipe), "--show", "--json"])
    assert json.loads(capsys.readouterr().out)["name"] == "small"

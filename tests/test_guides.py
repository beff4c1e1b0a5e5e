"""The guides, followed: the files of each page are written, and its commands carried out, as a reader would."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from aurora.cli import main

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
# A block of YAML whose first line is a comment with a path is that file.
FILE = re.compile(r"# ([\w./-]+\.ya?ml)\n")


def follow(page: Path, instead: dict[str, list[str]]) -> list[str]:
    """Do in the current folder what a page says; returns the commands of Aurora that it has.

    `instead` adds arguments to those commands that begin so, because they would take minutes.
    """
    done = []
    for language, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        if language == "yaml" and (named := FILE.match(text)):
            Path(named[1]).parent.mkdir(parents=True, exist_ok=True)
            Path(named[1]).write_text(text, encoding="utf-8")
        for command in text.splitlines() if language == "sh" else []:
            if not command.startswith("aurora "):
                subprocess.run(["bash", "-c", command], check=True, capture_output=True)
                continue
            more = next((arguments for start, arguments in instead.items() if command.startswith(start)), [])
            carry_out([*shlex.split(command, comments=True)[1:], *more])
            done.append(command)
    return done


def carry_out(arguments: list[str]) -> None:
    """A command as from a shell; the test fails where it does."""
    code: object = 0
    try:
        main(arguments)
    except SystemExit as end:
        code = end.code
    assert not code, arguments


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_your_policy(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []
    monkeypatch.setattr("aurora.chat.chat", lambda path, *_, **__: asked.append(path))
    commands = follow(root / "docs/policy.md", {"aurora run": ["--dry-run"]})
    assert [command.split()[1] for command in commands] == ["redteam", "run", "chat"]
    assert asked == [Path("runs/house-rules")]
    assert "That is against our house rules." in Path("runs/house-rules/redteam/train.jsonl").read_text(
        encoding="utf-8"
    )

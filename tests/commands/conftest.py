"""A run with its corpus and its tokens, made by the command of tokens."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from aurora.cli import aurora
from small_run import write_small_project


def invoke(*arguments: object) -> Result:
    """A command as a user gives it; what it raises reaches the test."""
    return CliRunner().invoke(aurora, [str(argument) for argument in arguments], catch_exceptions=False)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small recipe's run up to its tokens; beside it lie `small.yaml` and what the command printed."""
    folder = tmp_path_factory.mktemp("built")
    recipe = write_small_project(folder)
    done = invoke("tokens", "build", recipe, "--output", folder / "run", "--json")
    assert done.exit_code == 0
    (folder / "printed.json").write_text(json.dumps(json.loads(done.stdout)), encoding="utf-8")
    return folder / "run"

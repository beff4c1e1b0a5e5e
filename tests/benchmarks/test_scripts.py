"""Every script in benchmarks/ runs to its end on an input made up in a moment; its figures say nothing here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
# Not programs, but what programs share.
SHARED = {"datatrove_pipeline", "inputs", "parallel_documents", "planted_conversations"}
# The demo is a check of its own (.ci/run).
APART = {"demo"}
SCRIPTS = sorted({path.stem for path in FOLDER.glob("*.py")} - SHARED - APART)
# What a script needs beside --small; {tmp} is a folder, {tokens} a run of the demo's recipe up to its tokens.
ARGUMENTS = {
    "adaptive_review": ["--json"],
    "accelerator": ["--json"],
    "cross_lingual": ["--json", "--run", "{tokens}", "--work", "{tmp}"],
    "curation": ["--json", "--part", "detection", "--part", "normalise"],  # the other parts are scripts below
    "evaluation": ["--json"],
    "extension": ["--output", "{tmp}"],
    "instructions": ["--json"],
    "layouts": ["--json"],
    "long_review": ["--json"],
    "parallel": ["--json", "--layout", "1,1,2", "--micro-batch", "4"],
    "parts": ["--json"],
    "retention": ["--tokens", "{tokens}", "--work", "{tmp}"],
    "start": ["--json", "--layout", "1,1,2"],
}
READ_TEXT = sorted(
    name
    for name in SCRIPTS
    if name.startswith("curation") or name in ("fit_thresholds", "published_tokenizers", "tokens")
)
PRINT_A_TABLE = {"attention", "fit_thresholds", "judges", "policy_prompts", "retention"}
PRINT_MANY_LINES = {"curation_contamination", "curation_conversations"}  # all others' object is their last line


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(FOLDER / f"{script}.py"), *arguments]
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="session")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the demo's recipe up to its tokens."""
    folder = tmp_path_factory.mktemp("tokens")
    recipe = FOLDER.parent / "recipes/tiny.yaml"
    command = [sys.executable, "-m", "aurora", "tokens", "build", str(recipe), "--output", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.mark.slow
@pytest.mark.timeout(1500)  # what takes two minutes on a quiet machine took ten on a busy one
@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_runs_to_its_end(script: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    given = ARGUMENTS.get(script, [])
    places = {"{tmp}": str(tmp_path)}
    if "{tokens}" in given:
        places["{tokens}"] = str(request.getfixturevalue("tokens"))
    small = [] if script == "machine" else ["--small"]
    done = run(script, *small, *(places.get(argument, argument) for argument in given))
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.strip()
    if script not in PRINT_A_TABLE:
        printed = done.stdout.strip()
        assert json.loads(printed[printed.index("{") :] if script in PRINT_MANY_LINES else printed.split("\n")[-1])


@pytest.mark.parametrize("script", ["curation", "tokens"])
def test_a_folder_without_the_data_is_one_sentence(script: str, tmp_path: Path) -> None:
    done = run(script, "--data", str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"--data {tmp_path}: there is no ")
    assert done.stderr.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize("script", READ_TEXT)
def test_every_script_that_reads_text_says_what_is_missing(script: str, tmp_path: Path) -> None:
    done = run(script, "--data", str(tmp_path))
    assert done.returncode == 2, done.stderr[-2000:]
    assert done.stderr.count("\n") == 1

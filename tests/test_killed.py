"""Killed with `kill -9` at any time and started again, a run ends as if nothing had happened."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from aurora.run.verify import verify
from small_run import write_small_project
from trees import assert_same_tree

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

KILLS = 6


def run(recipe: Path, folder: Path, seconds: float = 600) -> subprocess.CompletedProcess[str]:
    """Run the recipe; after `seconds` the process is killed (SIGKILL) and `TimeoutExpired` raised."""
    command = [sys.executable, "-m", "aurora", "run", str(recipe), "--output", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)


def test_kill_9_at_random_points_changes_nothing(tmp_path: Path) -> None:
    recipe = write_small_project(tmp_path)
    begin = time.monotonic()
    assert run(recipe, tmp_path / "undisturbed").returncode == 0
    duration = time.monotonic() - begin

    chance = random.Random()
    for _ in range(KILLS):
        with suppress(subprocess.TimeoutExpired):
            run(recipe, tmp_path / "killed", chance.uniform(0.2, 0.7) * duration)
    last = run(recipe, tmp_path / "killed")
    assert last.returncode == 0, last.stderr

    assert_same_tree(tmp_path / "undisturbed", tmp_path / "killed")
    assert verify(tmp_path / "killed").endswith("nothing has changed.")


CORPUS = """\
name: stopped
corpus:
  sources:
    a: {kind: jsonl, paths: [a.jsonl], language: fi}
    b: {kind: jsonl, paths: [b.jsonl], language: fi}
  execution: {workers: 2}
tokens:
  train: {vocabulary: 420}
model: {architecture: {layers: 1, width: 16, heads: 2, positions: 64}}
stages:
  base: {start: model, tokens: 1024, batch_tokens: 512, sequence_length: 64, mixture: {a/fi: 1}, schedule: {peak: 1e-3}}
"""


@pytest.mark.parametrize("whole_group", [False, True], ids=["process", "terminal"])
def test_ctrl_c_while_workers_build_the_corpus_ends_with_130_and_a_sentence(tmp_path: Path, whole_group: bool) -> None:
    """As `kill -INT` and as a terminal sends it, which reaches the workers too."""
    chance = random.Random(1)
    words = ["joki", "on", "leveä", "ja", "vanha", "kaupunki", "sen", "rannalla", "jossa", "ihmiset", "asuvat"]
    for name in "ab":
        with (tmp_path / f"{name}.jsonl").open("w", encoding="utf-8") as rows:
            for _ in range(6000):
                rows.write(json.dumps({"text": " ".join(chance.choices(words, k=200))}) + "\n")
    (tmp_path / "recipe.yaml").write_text(CORPUS, encoding="utf-8")
    command = [sys.executable, "-m", "aurora", "run", "recipe.yaml", "--until", "corpus"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True)
    work, end = tmp_path / "runs/stopped/corpus.work", time.monotonic() + 120
    while not work.is_dir() or not any(work.iterdir()):
        assert time.monotonic() < end, process.poll()
        time.sleep(0.05)
    time.sleep(1)
    (os.killpg if whole_group else os.kill)(process.pid, signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 130, said
    assert "Interrupted; run the same command again to go on where it stopped." in said
    assert "Unexpected" not in said

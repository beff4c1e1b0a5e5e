"""Killed with `kill -9` at any time and started again, a run ends as if nothing had happened."""

from __future__ import annotations

import random
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

"""Killed with `kill -9` at any time and started again, a run ends as if nothing had happened."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from small_run import write_small_project

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

KILLS = 6
TIMES = ("seconds", "tokens_per_second", "hashes", "environment")


def run(recipe: Path, folder: Path, seconds: float = 600) -> subprocess.CompletedProcess[str]:
    """Run the recipe; after `seconds` the process is killed (SIGKILL) and `TimeoutExpired` raised."""
    command = [sys.executable, "-m", "aurora", "run", str(recipe), "--output", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)


def without_times(value: Any) -> Any:
    """A report without wall times, and without the hashes of files that hold them."""
    if isinstance(value, dict):
        return {key: without_times(item) for key, item in value.items() if key not in TIMES}
    if isinstance(value, list):
        return [without_times(item) for item in value]
    return value


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

    for weights in sorted((tmp_path / "undisturbed/checkpoints").glob("*/*.safetensors")):
        again = tmp_path / "killed" / weights.relative_to(tmp_path / "undisturbed")
        assert again.read_bytes() == weights.read_bytes(), weights
    reports = [json.loads((tmp_path / name / "report.json").read_text()) for name in ("undisturbed", "killed")]
    assert without_times(reports[0]) == without_times(reports[1])

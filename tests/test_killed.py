"""Killed with `kill -9` at any time and started again, a run ends as if nothing had happened."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from small_run import write_small_project

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

KILLS = 6
TIMES = ("seconds", "tokens_per_second", "hashes", "environment")


def start(recipe: Path, run: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "aurora", "run", recipe, "--output", run],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


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
    undisturbed = start(recipe, tmp_path / "undisturbed")
    assert undisturbed.wait(600) == 0
    duration = time.monotonic() - begin

    chance = random.Random()
    for _ in range(KILLS):
        process = start(recipe, tmp_path / "killed")
        try:
            process.wait(chance.uniform(1.5, 0.7 * duration))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
    last = start(recipe, tmp_path / "killed")
    _, said = last.communicate(timeout=600)
    assert last.returncode == 0, said

    for weights in sorted((tmp_path / "undisturbed/checkpoints").glob("*/*.safetensors")):
        again = tmp_path / "killed" / weights.relative_to(tmp_path / "undisturbed")
        assert again.read_bytes() == weights.read_bytes(), weights
    reports = [json.loads((tmp_path / name / "report.json").read_text()) for name in ("undisturbed", "killed")]
    assert without_times(reports[0]) == without_times(reports[1])

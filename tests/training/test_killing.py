"""A stage killed with SIGKILL, at any time and at any operation on its files, ends as if it had been left in peace."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from aurora.run.working import sweep
from training.small_stage import Lab, child_environment
from trees import assert_same_tree

TRIALS = Path(__file__).with_name("kill_trials.py")
KILLED = -signal.SIGKILL

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def run_trials(folder: Path, *arguments: object) -> Any:
    command = [sys.executable, str(TRIALS), str(folder), *map(str, arguments)]
    found = subprocess.run(command, env=child_environment(), capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    return json.loads(found.stdout)


def assert_ended_alike(left: Path, right: Path) -> None:
    """The same names and bytes, when what is half-written is swept, as before a manifest is written."""
    for folder in (left, right):
        sweep(folder)
    assert_same_tree(left, right)


def check_times(folder: Path, kills: int) -> None:
    seed = random.randrange(2**32)
    codes = run_trials(folder, "times", seed, kills)
    assert codes[-1] == 0, f"seed {seed}"
    assert KILLED in codes[:-1], f"seed {seed}: every child was done before it was killed"
    assert_ended_alike(folder / "undisturbed", folder / "times")


def check_file_operations(folder: Path, operations: list[int]) -> None:
    codes = run_trials(folder, "files", 10**9, *operations)
    assert codes.pop("files-1000000000") == [0, 0]
    for name, (first, last) in codes.items():
        assert first in (KILLED, 0), name  # a stage has as many operations as it found time for checkpoints
        assert last == 0, name
        assert_ended_alike(folder / "files-1000000000", folder / name)
    assert any(first == KILLED for first, _ in codes.values())


@pytest.mark.slow
def test_killed_after_random_times(tmp_path: Path) -> None:
    check_times(tmp_path, kills=3)


@pytest.mark.slow
def test_killed_in_the_midst_of_writing_files(tmp_path: Path) -> None:
    check_file_operations(tmp_path, sorted(random.sample(range(1, 201), 5)))


@pytest.mark.nightly
@pytest.mark.timeout(600)
def test_killed_twenty_times_in_a_row(tmp_path: Path) -> None:
    check_times(tmp_path, kills=20)


@pytest.mark.nightly
@pytest.mark.timeout(600)
def test_killed_at_every_operation_on_a_file(tmp_path: Path) -> None:
    check_file_operations(tmp_path, list(range(1, 221)))


@pytest.mark.distributed
@pytest.mark.parametrize("ranks", [1, 2])
def test_torchrun_starts_one_process_or_more(tmp_path: Path, ranks: int) -> None:
    Lab(tmp_path)  # its text, which the ranks find there
    script = tmp_path / "script.py"
    script.write_text(
        "import sys\n"
        "from pathlib import Path\n"
        "from aurora.training.process.job import leave\n"
        "from training.small_stage import Lab\n"
        "Lab(Path(sys.argv[1])).train('stage')\n"
        "leave()\n"
    )
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={ranks}"]
    found = subprocess.run(
        [*command, str(script), str(tmp_path)], env=child_environment(), capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
    assert (tmp_path / "stage/state.json").exists()

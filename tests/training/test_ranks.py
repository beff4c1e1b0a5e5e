"""A stage on many ranks: interrupted, killed, frozen, gone on with in another layout, and damaged."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from aurora.training.metrics import read_metrics
from training.small_stage import Lab, assert_same

RANK = Path(__file__).with_name("rank.py")
EVERY_STEP = 1e-6

pytestmark = [pytest.mark.distributed, pytest.mark.timeout(900)]


def command(
    lab: Lab, name: str, layout: tuple[int, int, int], steps: int, stop: int = -1, **settings: Any
) -> list[str]:
    tensor, pipeline, data = layout
    execution = {
        "device": "cpu",
        "precision": "fp32",
        "threads": 1,
        "micro_batch_sequences": 2,
        "tensor_parallel": tensor,
        "pipeline_parallel": pipeline,
        "checkpoint_seconds": EVERY_STEP,
        "evaluate_steps": 4,
        **settings,
    }
    ranks = tensor * pipeline * data
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(ranks)] if ranks > 1 else []
    restarts = [f"--max-restarts={execution.pop('restarts')}"] if "restarts" in execution else []
    arguments = [str(lab.folder), name, str(steps), json.dumps(execution), str(stop)]
    return [sys.executable, *launcher, *restarts, str(RANK), *arguments]


def environment(seconds: float = 0.0) -> dict[str, str]:
    here = {"PYTHONPATH": str(RANK.parents[1]), "OMP_NUM_THREADS": "1", "SECONDS_A_STEP": str(seconds)}
    return {**os.environ, **here}


def run(*arguments: Any, **settings: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments, **settings), env=environment(), capture_output=True, text=True, check=False
    )


def losses(lab: Lab, name: str) -> list[float]:
    return [record["loss"] for record in read_metrics(lab.folder / name / "metrics.jsonl")]


def test_a_stage_saved_by_eight_ranks_goes_on_in_any_layout(lab: Lab) -> None:
    assert run(lab, "alone", (1, 1, 1), 12).returncode == 0
    stopped = run(lab, "eight", (2, 2, 2), 12, stop=5)
    assert "saved at step 6 of 12" in stopped.stderr, stopped.stderr[-2000:]
    assert sum(path.name.startswith("model-") for path in (lab.folder / "eight/step-00000006").iterdir()) == 8
    for layout in [(1, 1, 1), (4, 1, 1), (1, 1, 4), (1, 4, 1)]:
        name = "-".join(map(str, layout))
        shutil.copytree(lab.folder / "eight", lab.folder / name)
        done = run(lab, name, layout, 12, micro_batch_sequences=2)
        assert done.returncode == 0, done.stderr[-2000:]
        assert losses(lab, name) == pytest.approx(losses(lab, "alone"), rel=1e-5)
        measured = [read_metrics(lab.folder / each / "metrics.jsonl")[-1]["held_out/en"] for each in (name, "alone")]
        assert measured[0] == pytest.approx(measured[1], rel=1e-4)


def kill_and_compare(lab: Lab, kills: int) -> None:
    layout, steps = (1, 2, 1), 25 * kills
    done = run(lab, "undisturbed", layout, steps)
    assert done.returncode == 0, done.stderr[-2000:]
    seed = random.randrange(2**32)
    generator = random.Random(seed)
    with (lab.folder / "errors").open("w") as errors:  # a pipe that nobody reads would fill up
        child = subprocess.Popen(
            command(lab, "killed", layout, steps, restarts=kills + 1),
            env=environment(0.05),
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
    seen: set[int] = set()
    for _ in range(kills):
        victim = lab.folder / f"killed.{generator.randrange(2)}.pid"
        while (number := process_in(victim)) in seen or number == 0:
            assert child.poll() is None, f"seed {seed}: the stage ended before it was killed"
            time.sleep(0.05)
        time.sleep(generator.uniform(0.3, 1.5))
        seen |= {process_in(path) for path in lab.folder.glob("killed.*.pid")}
        os.kill(number, signal.SIGKILL)
    child.wait()
    assert child.returncode == 0, (seed, (lab.folder / "errors").read_text()[-2000:])
    assert_same(lab.folder / "undisturbed", lab.folder / "killed")


def process_in(path: Path) -> int:
    """The number in a file that may not be there or written yet; else 0."""
    return int(path.read_text() or 0) if path.exists() else 0


def test_a_killed_rank_is_started_again_and_nothing_shows(lab: Lab) -> None:
    kill_and_compare(lab, kills=2)


@pytest.mark.slow
def test_killed_twenty_times_in_a_row(lab: Lab) -> None:
    kill_and_compare(lab, kills=20)


def test_a_damaged_shard_is_named_and_the_checkpoint_before_it_is_used(lab: Lab) -> None:
    stopped = run(lab, "stage", (1, 2, 1), 12, stop=5)
    assert "saved at step 6" in stopped.stderr
    newest = lab.folder / "stage/step-00000006"
    shard = newest / "model-00001-of-00002.safetensors"
    shard.write_bytes(shard.read_bytes()[:-1] + b"!")
    done = run(lab, "stage", (1, 2, 1), 12)
    assert done.returncode == 0, done.stderr[-2000:]
    assert f"{newest} is damaged: {shard.name} is not as it was written." in done.stderr
    assert run(lab, "whole", (1, 2, 1), 12).returncode == 0
    assert_same(lab.folder / "whole", lab.folder / "stage")


def test_a_layout_that_cannot_be_is_refused_by_every_rank(lab: Lab) -> None:
    refused = run(lab, "stage", (1, 1, 3), 12)
    assert refused.returncode
    assert "8 sequences of a step cannot be shared by 3 data-parallel ranks: use 2 or 4" in refused.stderr


def test_a_frozen_rank_is_named_with_its_last_operation(lab: Lab) -> None:
    child = subprocess.Popen(
        command(lab, "frozen", (1, 2, 1), 400, timeout_seconds=4),
        env=environment(0.05),
        stderr=subprocess.PIPE,
        text=True,
    )
    metrics = lab.folder / "frozen/metrics.jsonl"
    while not metrics.exists() or len(metrics.read_text().splitlines()) < 3:
        assert child.poll() is None
        time.sleep(0.1)
    os.kill(int((lab.folder / "frozen.1.pid").read_text()), signal.SIGSTOP)
    begin = time.monotonic()
    _, errors = child.communicate()
    assert child.returncode
    assert "Rank 1 has given no sign of life for" in errors
    assert "it was in stage base after" in errors
    assert time.monotonic() - begin < 60  # torchrun gives the frozen process 30 s before it kills it

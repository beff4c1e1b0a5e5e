"""A stage on many ranks: interrupted, killed, frozen, gone on with in another layout, and damaged."""

from __future__ import annotations

import json
import math
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aurora.training.records.asked import ASKED, read_asked
from aurora.training.records.metrics import read_metrics
from oracles.one_process import FAMILIES
from training.small_stage import Lab, assert_same, child_environment

RANK = Path(__file__).with_name("rank.py")
EVERY_STEP = 1e-6
LATER = ("qwen3", "olmo2", "gemma3_text")  # than Llama
Layout = tuple[int, int, int]  # tensor x pipeline x data parallel

pytestmark = [pytest.mark.distributed, pytest.mark.timeout(900)]


def command(
    lab: Lab,
    name: str,
    layout: Layout,
    steps: int,
    stage: dict[str, Any] | None = None,
    trouble: dict[str, Any] | None = None,
    restarts: int | None = None,
    architecture: dict[str, Any] | None = None,
    **settings: Any,
) -> list[str]:
    """To train the small stage, of another `architecture` if given; `settings` are of the recipe's table `execution`.

    With `restarts` by torchrun, else in ranks that start faster.
    """
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
    given = {"execution": execution, "stage": stage or {}, "architecture": architecture or {}, "trouble": trouble or {}}
    everything = json.dumps(given)
    rank = [str(RANK), str(lab.folder), name, str(steps), everything]
    if restarts is None:
        return [sys.executable, *rank, *([str(ranks)] if ranks > 1 else [])]
    launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={ranks}"]
    return [sys.executable, *launcher, f"--max-restarts={restarts}", *rank]


def run(*arguments: Any, **settings: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments, **settings), env=child_environment(), capture_output=True, text=True, check=False
    )


def finished(*arguments: Any, **settings: Any) -> str:
    """Run to the stage's end; what was said."""
    done = run(*arguments, **settings)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stderr


def losses(lab: Lab, name: str) -> list[float]:
    return [record["loss"] for record in read_metrics(lab.folder / name / "metrics.jsonl")]


def sequences(lab: Lab, name: str) -> dict[int, list[str]]:
    """The digests of each step's sequences in their order; ranks that share them must have seen the same."""
    shares: dict[int, dict[int, list[str]]] = {}
    for path in lab.folder.glob(f"{name}.*.rows.jsonl"):
        for step, rank, digests in map(json.loads, path.read_text().splitlines()):
            assert shares.setdefault(step, {}).setdefault(rank, digests) == digests
    return {step: [it for _, part in sorted(parts.items()) for it in part] for step, parts in sorted(shares.items())}


def test_a_stage_saved_by_eight_ranks_goes_on_in_any_layout(lab: Lab) -> None:
    # 4 steps of 128 tokens, then 8 of 256.
    stage = {"tokens": 2560, "batch_tokens": 256, "ramp": {"start": 128, "increment": 128, "tokens": 512}}
    finished(lab, "alone", (1, 1, 1), 12, stage=stage)
    stopped = run(lab, "eight", (2, 2, 2), 12, stage=stage, trouble={"stop": 5})
    assert "saved at step 6 of 12" in stopped.stderr, stopped.stderr[-2000:]
    assert sum(path.name.startswith("model-") for path in (lab.folder / "eight/step-00000006").iterdir()) == 8
    alone, eight = sequences(lab, "alone"), sequences(lab, "eight")
    assert [len(digests) for digests in alone.values()] == [8] * 4 + [16] * 8
    assert eight == {step: alone[step] for step in range(6)}
    for layout in [(1, 1, 1), (4, 1, 1), (1, 1, 4), (1, 4, 1)]:
        name = "-".join(map(str, layout))
        shutil.copytree(lab.folder / "eight", lab.folder / name)
        finished(lab, name, layout, 12, stage=stage)
        assert sequences(lab, name) == {step: alone[step] for step in range(6, 12)}
        assert losses(lab, name) == pytest.approx(losses(lab, "alone"), rel=1e-5)
        measured = [read_metrics(lab.folder / each / "metrics.jsonl")[-1]["held_out/en"] for each in (name, "alone")]
        assert measured[0] == pytest.approx(measured[1], rel=1e-4)


@pytest.mark.parametrize("layout", [(2, 1, 2), (1, 2, 1)])
def test_ranks_end_a_stage_where_one_process_does(lab: Lab, layout: Layout) -> None:
    """The network that is asked is whole, on one of them; a stage that is stopped while it decays ends alone."""
    schedule = {"shape": "warmup-stable-decay", "peak": 1e-2, "warmup": 0.1, "decay": 0.2}
    finished(lab, "whole", (1, 1, 1), 20, stage={"schedule": schedule}, evaluate_steps=2)
    shares = [1 / (1 + it["held_out/en"]) for it in read_metrics(lab.folder / "whole/metrics.jsonl")[5:8:2]]
    goal = {"refused": sum(shares) / 2, "harmless_refused": 0, "every_steps": 2}
    stage = {"schedule": schedule, "stop_when": goal}
    finished(lab, "alone", (1, 1, 1), 20, stage=stage)
    stopped = run(lab, "shared", layout, 20, stage=stage, trouble={"stop": 9})
    assert "saved at step 10 of 20" in stopped.stderr, stopped.stderr[-2000:]
    assert "after 8 of 20 steps: it decays for 4 more and ends" in stopped.stderr
    assert not list((lab.folder / "shared").glob(".step-*"))
    finished(lab, "shared", (1, 1, 1), 20, stage=stage)
    assert len(losses(lab, "alone")) == 12
    assert losses(lab, "shared") == pytest.approx(losses(lab, "alone"), rel=1e-5)


@pytest.mark.parametrize(
    ("layout", "share"), [((1, 1, 2), True), ((2, 1, 1), True), ((1, 2, 1), False)], ids=["data", "tensor", "pipeline"]
)
def test_ranks_are_asked_what_one_process_is(lab: Lab, layout: Layout, share: bool) -> None:
    """Whole networks on all of them or on the first, with the scores of one process; and the stage is as without."""
    ask = {"tasks": ["made-up"], "every_steps": 4, "share": share}
    finished(lab, "alone", (1, 1, 1), 6, stage={"ask": ask})
    finished(lab, "asked", layout, 6, stage={"ask": ask})
    finished(lab, "not", layout, 6)
    alone, asked = (read_asked(lab.folder / name / ASKED) for name in ("alone", "asked"))
    assert [one.step for one in asked] == [0, 4, 6]
    scores = [[one.scores[0].score for one in found] for found in (asked, alone)]
    assert scores[0] == pytest.approx(scores[1], rel=1e-4)
    ranks = math.prod(layout)
    told = [
        json.loads(line)
        for path in sorted(lab.folder.glob("asked.*.asked.jsonl"))
        for line in path.read_text().splitlines()
    ]
    whole = json.loads((lab.folder / "alone.0.asked.jsonl").read_text().splitlines()[0])[2]
    assert told == [[rank, ranks if share else 0, whole] for rank in range(ranks if share else 1) for _ in range(3)]
    assert losses(lab, "asked") == losses(lab, "not")
    for name in ("model.safetensors", "optimizer.safetensors"):
        assert (lab.folder / "asked" / name).read_bytes() == (lab.folder / "not" / name).read_bytes()
    assert not list((lab.folder / "asked").glob(".step-*"))


def of_family(name: str) -> dict[str, Any]:
    """An architecture of four layers."""
    shape = {"family": name, **FAMILIES[name]}
    window = shape.pop("window", None)
    layers = [] if window is None else [number for number in window["layers"] if number < 4]
    return shape | ({"window": {"tokens": 6, "layers": layers}} if layers else {})


@pytest.mark.parametrize("family", ["llama", *(pytest.param(name, marks=pytest.mark.nightly) for name in LATER)])
def test_a_family_saved_by_eight_goes_on_alone(lab: Lab, family: str) -> None:
    architecture = of_family(family)
    finished(lab, "alone", (1, 1, 1), 12, architecture=architecture)
    stopped = run(lab, "eight", (2, 2, 2), 12, trouble={"stop": 5}, architecture=architecture)
    assert "saved at step 6 of 12" in stopped.stderr, stopped.stderr[-2000:]
    finished(lab, "eight", (1, 1, 1), 12, architecture=architecture)
    assert losses(lab, "eight") == pytest.approx(losses(lab, "alone"), rel=1e-5)


@pytest.mark.nightly
@pytest.mark.parametrize("family", ["llama", *LATER])
def test_a_family_is_killed_and_nothing_shows(lab: Lab, family: str) -> None:
    kill_and_compare(lab, 2, (2, 1, 1), architecture=of_family(family))


def kill_and_compare(lab: Lab, kills: int, layout: Layout = (1, 2, 1), **settings: Any) -> None:
    steps = 25 * kills
    finished(lab, "undisturbed", layout, steps, **settings)
    seed = random.randrange(2**32)
    generator = random.Random(seed)
    with (lab.folder / "errors").open("w") as errors:  # a pipe that nobody reads would fill up
        child = subprocess.Popen(
            command(lab, "killed", layout, steps, trouble={"seconds": 0.05}, restarts=kills + 1, **settings),
            env=child_environment(),
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
    seen: set[int] = set()
    ranks = layout[0] * layout[1] * layout[2]
    for _ in range(kills):
        victim = lab.folder / f"killed.{generator.randrange(ranks)}.pid"
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
def test_killed_two_times_in_a_row(lab: Lab) -> None:
    kill_and_compare(lab, kills=2)


@pytest.mark.nightly
def test_killed_twenty_times_in_a_row(lab: Lab) -> None:
    kill_and_compare(lab, kills=20)


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("layout", "settings"),
    [
        ((4, 1, 1), {}),
        ((1, 2, 1), {"pipeline_schedule": "zero-bubble-v"}),
        ((2, 1, 2), {"shard_parallel": 2}),
    ],
)
def test_killed_in_other_layouts(lab: Lab, layout: Layout, settings: dict[str, Any]) -> None:
    kill_and_compare(lab, 3, layout, **settings)


def flip_a_byte(newest: Path) -> str:
    shard = newest / "model-00001-of-00002.safetensors"
    shard.write_bytes(shard.read_bytes()[:-1] + b"!")
    return f"{newest} is damaged: {shard.name} has changed since it was written."


def remove_a_shard(newest: Path) -> str:
    (newest / "optimizer-00001-of-00002.safetensors").unlink()
    return f"{newest} is damaged: optimizer-00001-of-00002.safetensors is missing."


def cut_the_state(newest: Path) -> str:
    state = newest / "state.json"
    state.write_bytes(state.read_bytes()[:40])
    return f"{newest} is damaged: state.json has changed since it was written."


def mix_with_the_one_before(newest: Path) -> str:
    name = "model-00000-of-00002.safetensors"
    shutil.copyfile(newest.with_name("step-00000005") / name, newest / name)
    return f"{newest} is damaged: {name} has changed since it was written."


@pytest.mark.parametrize("damage", [flip_a_byte, remove_a_shard, cut_the_state, mix_with_the_one_before])
def test_a_damaged_checkpoint_is_named_and_the_one_before_it_is_used(lab: Lab, damage: Callable[[Path], str]) -> None:
    """Each file is read by one of the ranks, and all must go back."""
    stopped = run(lab, "stage", (1, 2, 1), 12, trouble={"stop": 5})
    assert "saved at step 6" in stopped.stderr
    sentence = damage(lab.folder / "stage/step-00000006")
    assert sentence in finished(lab, "stage", (1, 2, 1), 12)
    finished(lab, "whole", (1, 2, 1), 12)
    assert_same(lab.folder / "whole", lab.folder / "stage")


@pytest.mark.parametrize("layout", [(2, 1, 1), (1, 2, 1), (1, 1, 2)])
def test_a_fault_on_one_rank_is_left_out_by_all(lab: Lab, layout: Layout) -> None:
    said = finished(lab, "stage", layout, 12, trouble={"nan": [7, 1]})
    assert "Step 8 of stage base (sequences 56 to 63) is left out: the gradient norm is nan." in said
    records = read_metrics(lab.folder / "stage/metrics.jsonl")
    assert [record["step"] for record in records if "left_out" in record] == [8]
    assert len(left_out(lab, "stage")[0]["sequences"]) == 8
    assert records[-1]["loss"] < records[6]["loss"]


def left_out(lab: Lab, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (lab.folder / name / "left_out.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("layout", [(2, 1, 1), (1, 2, 1), (1, 1, 2)])
def test_a_spike_takes_all_ranks_back_and_an_interruption_around_it_does_not_show(lab: Lab, layout: Layout) -> None:
    guard = {"action": "rollback", "steps": 4, "deviations": 6.0, "window": 4}
    said = finished(lab, "undisturbed", layout, 16, stage={"guard": guard}, trouble={"spike": 10})
    assert "Stage base goes back to step 4; all steps from there to 11 are left out." in said
    lines = left_out(lab, "undisturbed")
    assert [(line["step"], line["reason"]) for line in lines] == [
        *((step, "rolled_back") for step in range(5, 11)),
        (11, "loss_spike"),
    ]
    for stop in (9, 12):
        stopped = run(lab, "stopped", layout, 16, stage={"guard": guard}, trouble={"spike": 10, "stop": stop})
        assert f"saved at step {stop + 1} of 16" in stopped.stderr, stopped.stderr[-2000:]
    finished(lab, "stopped", layout, 16, stage={"guard": guard}, trouble={"spike": 10})
    assert_same(lab.folder / "undisturbed", lab.folder / "stopped")


@pytest.mark.parametrize("rank", [0, 1])
def test_a_disk_that_is_full_for_one_rank_ends_all_and_the_checkpoints_stay(lab: Lab, rank: int) -> None:
    begin = time.monotonic()
    full = run(lab, "stage", (1, 2, 1), 400, trouble={"full": [5, rank], "seconds": 0.05}, restarts=0)
    assert full.returncode
    assert time.monotonic() - begin < 60
    for each in (0, 1):
        assert f"[rank{each}]: aurora.errors.AuroraError: The disk is full while writing" in full.stderr
    assert "step-00000004" in [path.name for path in (lab.folder / "stage").iterdir()]
    assert not list((lab.folder / "stage").glob("*step-00000005*"))


def test_a_stage_goes_on_after_the_disk_was_full(lab: Lab) -> None:
    finished(lab, "whole", (1, 2, 1), 12)
    assert run(lab, "stage", (1, 2, 1), 12, trouble={"full": [5, 1]}).returncode
    finished(lab, "stage", (1, 2, 1), 12)
    assert_same(lab.folder / "whole", lab.folder / "stage")


@pytest.mark.parametrize("name", ["SIGTERM", "SIGUSR1"])
def test_a_signal_to_all_ranks_saves_once_and_ends_all(lab: Lab, name: str) -> None:
    finished(lab, "whole", (1, 2, 1), 12)
    trouble = {"signal": [5, name]}
    stopped = run(lab, "stage", (1, 2, 1), 12, trouble=trouble, restarts=0, checkpoint_seconds=900)
    assert stopped.returncode
    assert stopped.stderr.count("saved at step 6 of 12; run the same command to go on.") == 1
    assert [path.name for path in (lab.folder / "stage").glob("step-*")] == ["step-00000006"]
    finished(lab, "stage", (1, 2, 1), 12)
    assert_same(lab.folder / "whole", lab.folder / "stage")


def test_a_layout_that_cannot_be_is_refused_by_every_rank(lab: Lab) -> None:
    refused = run(lab, "stage", (1, 1, 3), 12, restarts=0)
    assert refused.returncode
    assert "A step's 8 sequences cannot be divided among 3 data-parallel ranks: use 2 or 4" in refused.stderr


def test_a_frozen_rank_is_named_with_its_last_operation(lab: Lab) -> None:
    child = subprocess.Popen(
        command(lab, "frozen", (1, 2, 1), 400, trouble={"seconds": 0.05}, restarts=0, timeout_seconds=4),
        env=child_environment(),
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
    assert "Rank 1 has not responded for" in errors
    assert "its last operation was stage base after" in errors
    assert time.monotonic() - begin < 60  # torchrun gives the frozen process 30 s before it kills it

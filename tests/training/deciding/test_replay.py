from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from aurora.errors import AuroraError
from aurora.evaluation.bits_per_byte import Windows, bits_per_byte
from aurora.model.scorer import Scorer
from aurora.recipe.stages.pace import Pace
from aurora.recipe.stages.stage import Stage
from aurora.tokens.loader import Batch, Loader
from aurora.tokens.mixture import Change, Mixture
from aurora.tokens.replay_decisions import DECISIONS, Decision, read_decisions
from aurora.training.deciding.replay import Replay
from aurora.training.trainer import Batches
from training.small_stage import LENGTH, ROWS, VOCABULARY, Lab, assert_same, child_environment

SOURCES = ("web/en", "redteam/pairs")
EVERY = 3


def stage_of(lab: Lab, steps: int = 12, **settings: Any) -> Stage:
    retention = {"every_steps": EVERY, "budget": {"web/en": 0.01}, "least": 0.1, "most": 0.9, **settings}
    return lab.stage(steps, mixture={"web/en": 1, "redteam/pairs": 1}, retention=retention)


def measure(model: Scorer) -> dict[str, float]:
    tokens = torch.arange(3 * (LENGTH + 1)).view(3, -1) % VOCABULARY
    windows = Windows(tokens.numpy(), torch.ones(3, LENGTH, dtype=torch.bool).numpy(), 100)
    return {"web/en": bits_per_byte(model, windows)}


class Interrupting:
    """Sends this process a signal when it gives out the batch of `step`."""

    def __init__(self, batches: Batches, step: int) -> None:
        self._batches, self._step = batches, step

    def batches(self, first: int, last: int, rank: int = 0, ranks: int = 1) -> Iterator[Batch]:
        for step, batch in enumerate(self._batches.batches(first, last, rank, ranks), start=first):
            if step == self._step:
                os.kill(os.getpid(), signal.SIGINT)
            yield batch


def replay_of(lab: Lab, stage: Stage, stop: int = -1, base: dict[str, float] | None = None) -> Replay:
    def batches_of(decided: Sequence[Decision]) -> Batches:
        loader = lab.loader(stage)
        changes = [Change(it.step * ROWS, it.weights) for it in decided if it.weights]
        mixture = Mixture(stage.mixture, loader.mixture.sequences, loader.mixture.loss_tokens, 5, "base", changes)
        return Interrupting(Loader(loader.rows, mixture, LENGTH, Pace([], ROWS)), stop)

    return Replay(stage, batches_of, measure, base or {})


def train(lab: Lab, name: str, stop: int = -1, **settings: Any) -> list[Decision]:
    stage = stage_of(lab)
    lab.train(name, stage, replay=replay_of(lab, stage, stop), **settings)
    return read_decisions(lab.folder / name / DECISIONS).made


def test_each_measurement_is_recorded_with_what_it_decided(lab: Lab) -> None:
    made = train(lab, "stage")
    assert [it.step for it in made] == [3, 6, 9, 12]
    assert [bool(it.weights) for it in made] == [True, True, True, False]
    assert len({it.weights["web/en"] for it in made[:-1]}) == 3  # the shares do move
    decisions = read_decisions(lab.folder / "stage" / DECISIONS)
    assert decisions.base == decisions.start
    lines = (lab.folder / "stage/metrics.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    assert [record["step"] for record in records if "retention/web/en" in record] == [3, 6, 9, 12]
    assert records[2]["replay/web/en"] == made[0].weights["web/en"]


def test_what_an_earlier_stage_measured_is_the_base(lab: Lab) -> None:
    stage = stage_of(lab)
    lab.train("stage", stage, replay=replay_of(lab, stage, base={"web/en": 0.5}))
    decisions = read_decisions(lab.folder / "stage" / DECISIONS)
    assert decisions.base == {"web/en": 0.5}
    assert decisions.start["web/en"] > 0.5


def test_batches_are_those_of_the_mixture_with_the_decisions_as_changes(lab: Lab) -> None:
    class Recording(Replay):
        def batches(self, first: int, last: int, rank: int = 0, ranks: int = 1) -> Iterator[Batch]:
            for batch in super().batches(first, last, rank, ranks):
                seen.extend(batch.windows)
                yield batch

    seen: list[Any] = []
    stage = stage_of(lab)
    replay = replay_of(lab, stage)
    replay.__class__ = Recording
    lab.train("stage", stage, replay=replay)
    made = read_decisions(lab.folder / "stage" / DECISIONS).made
    changes = [Change(it.step * ROWS, it.weights) for it in made if it.weights]
    made_of = lab.loader(stage).mixture
    mixture = Mixture(stage.mixture, made_of.sequences, made_of.loss_tokens, 5, "base", changes)
    assert seen == [mixture.sequence(n) for n in range(12 * ROWS)]


@pytest.mark.parametrize("step", [1, 2, 3, 7, 8])
def test_an_interrupted_stage_decides_again_as_before(lab: Lab, step: int) -> None:
    """Also where the interruption lies just before, at or just behind a decision."""
    train(lab, "undisturbed")
    with pytest.raises(KeyboardInterrupt):
        train(lab, "stopped", step)
    train(lab, "stopped")
    same(lab)


def test_decisions_after_the_checkpoint_are_made_anew(lab: Lab) -> None:
    train(lab, "undisturbed")
    with pytest.raises(KeyboardInterrupt):
        train(lab, "stopped", 4)
    path = lab.folder / "stopped" / DECISIONS
    facts = json.loads(path.read_text())
    facts["made"].append({"step": 6, "bits_per_byte": {}, "weights": {"web/en": 0.9, "redteam/pairs": 0.1}})
    path.write_text(json.dumps(facts))
    train(lab, "stopped")
    same(lab)


def test_a_decision_that_is_missing_is_refused(lab: Lab) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(lab, "stopped", 7)
    path = lab.folder / "stopped" / DECISIONS
    facts = json.loads(path.read_text())
    del facts["made"][0]
    path.write_text(json.dumps(facts))
    with pytest.raises(AuroraError, match="lacks decisions of the first 8 steps"):
        train(lab, "stopped")
    for damage in ("{}", "", None):
        path.unlink() if damage is None else path.write_text(damage)
        with pytest.raises(AuroraError, match="lacks decisions of the first 8 steps: restore it"):
            train(lab, "stopped")


class Scripted(Replay):
    """Measures what the test says, by the number of the measurement."""

    script: tuple[tuple[float, float], ...]

    def _agreed(self, network: Scorer) -> dict[str, float]:
        kept, other = self.script[len(self._made.made) + 1 if self._made.base else 0]
        return {"web/en": kept, "redteam/pairs": other}


def train_scripted(lab: Lab, name: str, script: tuple[tuple[float, float], ...], stop: int = -1) -> Path:
    stage = stage_of(lab, 18, patience=2)
    replay = replay_of(lab, stage, stop)
    replay.__class__ = Scripted
    Scripted.script = script
    lab.train(name, stage, replay=replay, execution=lab.execution(checkpoint_seconds=1e-6, keep_every_steps=1))
    return lab.folder / name


def test_a_stage_with_patience_ends_early_and_leaves_its_best(lab: Lab) -> None:
    """The best of those within the budget is after step 6; the lower one after step 9 has forgotten too much."""
    script = ((1.0, 1.0), (1.0, 0.9), (1.0, 0.8), (1.5, 0.1), (1.0, 0.85))
    folder = train_scripted(lab, "best", script)
    made = read_decisions(folder / DECISIONS)
    assert ([it.step for it in made.made], made.end) == ([3, 6, 9, 12], 12)
    assert json.loads((folder / "state.json").read_text())["step"] == 12
    for name in ("model.safetensors", "optimizer.safetensors"):
        assert (folder / name).read_bytes() == (folder / "step-00000006" / name).read_bytes()
    before = (folder / "state.json").read_bytes()
    train_scripted(lab, "best", script)  # finished: nothing is trained
    assert (folder / "state.json").read_bytes() == before
    for stop in (7, 10):
        with pytest.raises(KeyboardInterrupt):
            train_scripted(lab, "again", script, stop)
    train_scripted(lab, "again", script)
    assert_same(folder, lab.folder / "again")


def test_a_stage_that_never_holds_its_budget_leaves_its_last(lab: Lab) -> None:
    folder = train_scripted(lab, "lost", ((1.0, 1.0), *((1.5, 0.5),) * 6))
    assert read_decisions(folder / DECISIONS).end == 18
    assert json.loads((folder / "state.json").read_text())["step"] == 18


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a child process")
def test_a_killed_stage_ends_with_the_same_bytes(lab: Lab) -> None:
    """Killed between a measurement and its checkpoint, in processes of its own."""
    train(lab, "undisturbed")
    for number in range(3):
        run(lab, "killed", kill=random.Random(number).randrange(2, 12))
    assert run(lab, "killed").returncode == 0
    same(lab, "killed")


@pytest.mark.distributed
@pytest.mark.timeout(300)
def test_two_ranks_decide_the_same_and_as_one_process_does(lab: Lab) -> None:
    made = train(lab, "alone")
    done = run(lab, "two", ranks=2)
    assert done.returncode == 0, done.stderr[-2000:]
    found = read_decisions(lab.folder / "two" / DECISIONS).made
    assert [it.step for it in found] == [it.step for it in made]
    for left, right in zip(found, made, strict=True):
        assert left.bits_per_byte["web/en"] == pytest.approx(right.bits_per_byte["web/en"], rel=1e-4)
        assert dict(left.weights) == pytest.approx(dict(right.weights), abs=2e-3)


def same(lab: Lab, name: str = "stopped") -> None:
    assert_same(lab.folder / "undisturbed", lab.folder / name)
    texts = [(lab.folder / folder / DECISIONS).read_text() for folder in ("undisturbed", name)]
    assert texts[0] == texts[1]


def run(lab: Lab, name: str, kill: int = -1, ranks: int = 1) -> subprocess.CompletedProcess[str]:
    """Train in processes of their own; with `kill` it kills itself when it takes the batch of that step."""
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(ranks)] if ranks > 1 else []
    command = [sys.executable, *launcher, __file__, str(lab.folder), name, str(kill)]
    return subprocess.run(command, env=child_environment(), capture_output=True, text=True, check=False)


class Killing(Replay):
    """Kills its process after the measurement of a step, before its checkpoint."""

    kill = -1

    def after(self, step: int, network: Scorer) -> dict[str, float]:
        found = super().after(step, network)
        if step == self.kill:
            os.kill(os.getpid(), signal.SIGKILL)
        return found


if __name__ == "__main__":
    from aurora.training.process.job import leave

    lab = Lab(Path(sys.argv[1]))
    replay = replay_of(lab, stage_of(lab))
    replay.__class__ = Killing
    Killing.kill = int(sys.argv[3])
    lab.train(sys.argv[2], stage_of(lab), replay=replay, execution=lab.execution(checkpoint_seconds=1e-6))
    leave()

"""A stage that is asked tasks is the one that is not, and is asked everything once, however it is interrupted."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from aurora.model.network import Network
from aurora.recipe.stages.stage import Stage
from aurora.run.manifest import artifact
from aurora.tokens.loader import Batch, Loader
from aurora.training.asking import Asking, digest_of
from aurora.training.process.job import Job
from aurora.training.records.asked import ASKED, Score, read_asked
from aurora.training.records.metrics import read_metrics
from oracles.one_process import FAMILIES
from training.small_stage import Lab, assert_same, timeless

ASK = {"tasks": ["made-up"], "every_steps": 3}
WEIGHTS = ("model.safetensors", "optimizer.safetensors")


class Made:
    """Made-up questions, whose score follows from the weights; they draw numbers, and compute as the scorer does."""

    def __init__(self, digest: str = "questions") -> None:
        self.digest = digest
        self.asked: list[str] = []

    def __call__(self, network: Network, job: Job | None) -> Sequence[Score]:
        random.random(), np.random.rand(), torch.rand(3)
        network.eval()
        with torch.inference_mode():
            found = float(network.token_losses(torch.arange(8)[None], torch.arange(8)[None]).mean())
        network.train()
        self.asked.append(f"{found:.12f}")
        return [Score("made-up", "cloze", "en", 0.5, 3, 1 / (1 + found), 0.0, 1.0)]


class Dying:
    """A loader that raises in the middle of a step, as a process dies: nothing is saved."""

    def __init__(self, loader: Loader, step: int) -> None:
        self.loader, self.step = loader, step

    def batches(self, first: int, last: int, rank: int = 0, ranks: int = 1) -> Iterator[Batch]:
        for step, batch in enumerate(self.loader.batches(first, last, rank, ranks), start=first):
            if step == self.step:
                raise RuntimeError("died")
            yield batch


def stage_of(lab: Lab, steps: int = 8, **settings: Any) -> Stage:
    return lab.stage(steps, ask=ASK, **settings)


def steps_in(folder: Path) -> list[int]:
    return [one.step for one in read_asked(folder / ASKED)]


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_stage_that_is_asked_is_the_one_that_is_not(lab: Lab, precision: str) -> None:
    """To the bit: weights, moments, losses, rates and batches; with positions that rotate, and with dropout."""
    execution = lab.execution(precision=precision)
    start = lab.new_model(family="llama", **FAMILIES["llama"]) if precision == "fp32" else lab.new_model(dropout=0.1)
    lab.train("without", lab.stage(8), execution=execution, start=start)
    stage = stage_of(lab)
    lab.train("with", stage, execution=execution, start=start, asking=Asking(stage, Made()))
    for name in (*WEIGHTS, "sources.json"):
        assert (lab.folder / "with" / name).read_bytes() == (lab.folder / "without" / name).read_bytes(), name
    records = {
        name: [
            {key: value for key, value in timeless(one).items() if not key.startswith("tasks/")}
            for one in read_metrics(lab.folder / name / "metrics.jsonl")
        ]
        for name in ("with", "without")
    }
    assert records["with"] == records["without"]


def test_it_is_asked_before_the_first_step_every_so_often_and_at_the_end(lab: Lab) -> None:
    stage, made = stage_of(lab), Made()
    lab.train("stage", stage, asking=Asking(stage, made))
    answered = read_asked(lab.folder / "stage" / ASKED)
    assert [one.step for one in answered] == [0, 3, 6, 8]
    assert [one.tokens for one in answered] == [0, 3 * 96, 6 * 96, 8 * 96]
    assert len({one.weights for one in answered}) == len(set(made.asked)) == 4
    records = read_metrics(lab.folder / "stage/metrics.jsonl")
    assert [(one["step"], one["tasks/made-up/cloze"]) for one in records if "tasks/made-up/cloze" in one] == [
        (one.step, one.scores[0].score) for one in answered[1:]
    ]


def test_random_numbers_are_put_back(lab: Lab) -> None:
    stage, seen = stage_of(lab), []

    class Telling(Made):
        def __call__(self, network: Network, job: Job | None) -> Sequence[Score]:
            seen.append((random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()))
            return super().__call__(network, job)

    asking = Asking(stage, Telling())
    asking.begin(lab.folder, 0, Job())
    network = Network(lab.new_model().architecture, 48)
    network.initialise(torch.Generator().manual_seed(1))
    for step in (0, 3):
        asking.after(step, str(step), lambda: network)
    assert seen[0] == seen[1]


@pytest.mark.parametrize("step", [0, 2, 3, 6, 7])
def test_a_stage_that_dies_is_asked_nothing_twice_and_misses_nothing(lab: Lab, step: int) -> None:
    """It goes on from its last checkpoint, here its beginning: what was answered after it counts again."""
    stage, whole = stage_of(lab), Made()
    lab.train("undisturbed", stage, asking=Asking(stage, whole))
    made = Made()
    with pytest.raises(RuntimeError, match="died"):
        lab.train("stage", stage, asking=Asking(stage, made), batches=Dying(lab.loader(stage), step))
    lab.train("stage", stage, asking=Asking(stage, made))
    assert_same(lab.folder / "stage", lab.folder / "undisturbed")
    assert (lab.folder / "stage" / ASKED).read_bytes() == (lab.folder / "undisturbed" / ASKED).read_bytes()
    assert made.asked == whole.asked
    lab.train("stage", stage, asking=Asking(stage, made))  # it has ended
    assert made.asked == whole.asked


@pytest.mark.parametrize("step", [2, 3])
def test_an_interrupted_stage_goes_on_with_what_was_answered(lab: Lab, step: int) -> None:
    stage, made = stage_of(lab), Made()

    class Stopping(Asking):
        def due(self, at: int, *, ended: bool) -> bool:
            if at == step and len(made.asked) < 3:
                os.kill(os.getpid(), signal.SIGINT)
            return super().due(at, ended=ended)

    with pytest.raises(KeyboardInterrupt):
        lab.train("stage", stage, asking=Stopping(stage, made))
    lab.train("stage", stage, asking=Asking(stage, made))
    assert steps_in(lab.folder / "stage") == [0, 3, 6, 8]
    assert len(made.asked) == 4


def test_other_weights_and_other_questions_are_asked_again(lab: Lab) -> None:
    stage, made = stage_of(lab), Made()
    with pytest.raises(RuntimeError):
        lab.train("stage", stage, asking=Asking(stage, made), batches=Dying(lab.loader(stage), 7))
    hotter = stage_of(lab, schedule={"peak": 2e-2, "warmup": 0.2})
    lab.train("stage", hotter, asking=Asking(hotter, made))
    assert len(made.asked) == 3 + 3  # before the first step the weights are the same
    assert steps_in(lab.folder / "stage") == [0, 3, 6, 8]

    other, first = Made("others"), Made()
    with pytest.raises(RuntimeError):
        lab.train("other", stage, asking=Asking(stage, first), batches=Dying(lab.loader(stage), 7))
    lab.train("other", stage, asking=Asking(stage, other))
    assert len(other.asked) == 4
    assert {one.questions for one in read_asked(lab.folder / "other" / ASKED)} == {"others"}


def test_answers_beyond_the_end_are_left_out(lab: Lab) -> None:
    longer, made = stage_of(lab, 12, schedule={"shape": "constant", "peak": 1e-2}), Made()
    with pytest.raises(RuntimeError):
        lab.train("stage", longer, asking=Asking(longer, made), batches=Dying(lab.loader(longer), 11))
    assert steps_in(lab.folder / "stage") == [0, 3, 6, 9]
    shorter = stage_of(lab, 7, schedule={"shape": "constant", "peak": 1e-2})
    lab.train("stage", shorter, asking=Asking(shorter, made))
    assert steps_in(lab.folder / "stage") == [0, 3, 6, 7]


def test_a_table_that_comes_later_says_what_is_missing(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    """And changes nothing of what was trained."""
    plain, stage, made = lab.stage(8), stage_of(lab), Made()
    stopped = {"batches": Dying(lab.loader(plain), 5), "execution": lab.execution(checkpoint_seconds=1e-6)}
    with pytest.raises(RuntimeError):
        lab.train("stage", plain, **stopped)
    lab.train("stage", stage, asking=Asking(stage, made))
    assert "lacks answers of the first 5 steps of stage base" in capsys.readouterr().err
    assert steps_in(lab.folder / "stage") == [6, 8]
    lab.train("without", plain)
    for name in WEIGHTS:
        assert (lab.folder / "stage" / name).read_bytes() == (lab.folder / "without" / name).read_bytes()


def test_a_finished_stage_given_more_tokens_keeps_its_answers(lab: Lab) -> None:
    constant = {"shape": "constant", "peak": 1e-2}
    stage, longer, made = stage_of(lab, 7, schedule=constant), stage_of(lab, 9, schedule=constant), Made()
    with artifact(lab.folder / "done", "train:base", 1, {}, {}) as folder:
        lab.train(folder.name, stage, asking=Asking(stage, made))
    lab.train(folder.name, longer, asking=Asking(longer, made), finished=lab.folder / "done")
    assert steps_in(folder) == [0, 3, 6, 7, 9]
    assert len(made.asked) == 5


def test_a_digest_tells_weights_apart_whatever_their_type() -> None:
    weights = {"b": torch.tensor([1.0, 2.0]), "a": torch.zeros(2, 3, dtype=torch.bfloat16), "c": torch.tensor(3)}
    same = {name: weights[name].clone() for name in ("a", "b", "c")}
    assert digest_of(weights, Job()) == digest_of(same, Job())
    assert digest_of(weights | {"b": torch.tensor([1.0, 2.0000002])}, Job()) != digest_of(same, Job())
    assert digest_of({"x": weights["b"]}, Job()) != digest_of({"y": weights["b"]}, Job())

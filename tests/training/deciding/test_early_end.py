from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from aurora.errors import AuroraError, UserError
from aurora.model.network import Network
from aurora.recipe.stages.stage import Stage
from aurora.training.deciding.early_end import EarlyEnd
from aurora.training.records.watched import WATCHED, read_watched
from training.small_stage import VOCABULARY, Lab, assert_same

STOP = {"refused": 0.9, "harmless_refused": 0.1, "every_steps": 3}
STABLE = {"shape": "warmup-stable-decay", "peak": 1e-2, "warmup": 0.2, "decay": 0.2}


def stage_of(lab: Lab, steps: int = 15, **settings: Any) -> Stage:
    return lab.stage(steps, stop_when=STOP, **settings)


class Asked:
    """Answers with the shares foreseen for each call, and remembers the weights it was asked about."""

    def __init__(self, *shares: tuple[float, float], interrupt: int = -1) -> None:
        self.shares, self.interrupt = list(shares), interrupt
        self.weights: list[torch.Tensor] = []

    def __call__(self, network: Network) -> tuple[float, float]:
        self.weights.append(next(iter(network.parameters())).detach().clone())
        if len(self.weights) - 1 == self.interrupt:
            os.kill(os.getpid(), signal.SIGINT)
        return self.shares.pop(0)


def rates(folder: Path) -> list[float]:
    return [json.loads(line)["learning_rate"] for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_a_stage_ends_at_the_first_measurement_that_reaches_both_goals(
    lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    stage, asked = stage_of(lab), Asked((0.95, 0.5), (0.8, 0.0), (0.9, 0.1))
    state = lab.train("stage", stage, early_end=EarlyEnd(stage, asked))
    assert state["step"] == 9
    seen = read_watched(lab.folder / "stage" / WATCHED)
    assert [it.step for it in seen.measured] == [3, 6, 9]
    assert seen.reached == 9
    assert "refuses 90% of watched harmful and 10% of watched harmless prompts after 9 of 15 steps: it ends" in (
        capsys.readouterr().err
    )
    records = [json.loads(line) for line in (lab.folder / "stage/metrics.jsonl").read_text().splitlines()]
    assert [it["step"] for it in records if "watched/refused" in it] == [3, 6, 9]


def test_until_its_end_a_stage_is_the_one_without_a_goal(lab: Lab) -> None:
    """And one that never reaches its goal is the same to its last step."""
    stage, asked = stage_of(lab), Asked(*[(0.0, 0.0)] * 9)
    lab.train("never", stage, early_end=EarlyEnd(stage, asked))
    lab.train("without", lab.stage(15))
    assert (lab.folder / "never/model.safetensors").read_bytes() == (
        lab.folder / "without/model.safetensors"
    ).read_bytes()
    assert len(asked.weights) == 4  # after 3, 6, 9 and 12 steps: the last step ends it anyway
    lab.train("early", stage, early_end=EarlyEnd(stage, Asked((0.0, 0.0), (1.0, 0.0))))
    assert rates(lab.folder / "early") == rates(lab.folder / "without")[:6]


def test_a_stage_with_a_decay_decays_from_its_goal_on(lab: Lab) -> None:
    stage = stage_of(lab, schedule=STABLE)
    state = lab.train("stage", stage, early_end=EarlyEnd(stage, Asked((0.0, 0.0), (1.0, 0.0))))
    assert state["step"] == 6 + 3
    whole = lab.stage(9, schedule=STABLE | {"warmup": 3 * 96, "decay": 3 * 96})
    lab.train("whole", whole)
    assert rates(lab.folder / "stage") == rates(lab.folder / "whole")
    assert rates(lab.folder / "stage")[5] == 1e-2 > rates(lab.folder / "stage")[6]


@pytest.mark.parametrize("stop", range(4))
def test_an_interrupted_stage_ends_with_the_same_bytes(lab: Lab, stop: int) -> None:
    """Before, at and after the measurement that reaches the goal, while it decays."""
    stage = stage_of(lab, 20, schedule=STABLE)
    shares = [(0.0, 0.0), (0.0, 0.0), (1.0, 0.0)]
    lab.train("undisturbed", stage, early_end=EarlyEnd(stage, Asked(*shares)))

    class Interrupting(EarlyEnd):
        def due(self, step: int) -> bool:
            if step == (2, 6, 12, 13)[stop] and not done:
                done.append(step)
                os.kill(os.getpid(), signal.SIGINT)
            return super().due(step)

    done: list[int] = []
    asked = Asked(*shares)
    with pytest.raises(KeyboardInterrupt):
        lab.train("stage", stage, early_end=Interrupting(stage, asked))
    lab.train("stage", stage, early_end=EarlyEnd(stage, asked))
    assert_same(lab.folder / "stage", lab.folder / "undisturbed")
    assert (lab.folder / "stage" / WATCHED).read_bytes() == (lab.folder / "undisturbed" / WATCHED).read_bytes()
    state = lab.train("stage", stage, early_end=EarlyEnd(stage, Asked()))  # it has ended: nothing is asked again
    assert state["step"] == 12 + 4


def test_a_missing_measurement_is_told(lab: Lab) -> None:
    stage, asked = stage_of(lab), Asked((0.0, 0.0), (0.0, 0.0), interrupt=1)
    with pytest.raises(KeyboardInterrupt):
        lab.train("stage", stage, early_end=EarlyEnd(stage, asked))
    (lab.folder / "stage" / WATCHED).unlink()
    with pytest.raises(AuroraError, match=r"lacks measurements of the first 6 steps: restore it, or .*--restart"):
        lab.train("stage", stage, early_end=EarlyEnd(stage, Asked()))


def test_another_goal_is_another_stage(lab: Lab) -> None:
    """One that has ended by its goal cannot go on to another: nothing of what came after was trained."""
    stage = stage_of(lab)
    decided: dict[str, Callable[[int], dict[str, Any]]] = {"made_with": lambda step: {"stop_when.refused": 0.9}}
    lab.train("stage", stage, early_end=EarlyEnd(stage, Asked((1.0, 0.0))), **decided)
    decided["made_with"] = lambda step: {"stop_when.refused": 0.95}
    with pytest.raises(UserError, match=r"has ended with other values: stop_when.refused \(was 0.9, is 0.95\)"):
        lab.train("stage", stage, early_end=EarlyEnd(stage, Asked()), **decided)


def test_the_network_that_is_asked_is_the_one_that_is_trained(lab: Lab) -> None:
    stage, asked = stage_of(lab), Asked((0.0, 0.0), (1.0, 0.0))
    lab.train("stage", stage, early_end=EarlyEnd(stage, asked))
    assert asked.weights[0].shape[0] == VOCABULARY
    assert not torch.equal(*asked.weights)

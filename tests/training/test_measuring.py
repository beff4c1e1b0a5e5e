"""What is measured after a step: each at its steps, in one order."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from aurora.model.network import Network
from aurora.model.scorer import Scorer
from aurora.recipe.stages.retention import Retention
from aurora.training.asking import Asking
from aurora.training.deciding.early_end import EarlyEnd
from aurora.training.deciding.replay import Replay
from aurora.training.process.job import Job
from aurora.training.records.asked import Score
from aurora.training.records.metrics import read_metrics
from training.small_stage import Lab
from training.test_asking import Made


def test_measurements_are_taken_on_the_masters_at_their_steps_and_at_the_end(lab: Lab) -> None:
    asked: list[tuple[int, torch.dtype]] = []

    def evaluate(model: Network, step: int) -> dict[str, float]:
        asked.append((step, next(model.parameters()).dtype))
        return {"held_out/fi": step / 10, "held_out/empty": float("nan")}

    execution = lab.execution(evaluate_steps=5, precision="bf16")
    summary = lab.train("stage", execution=execution, evaluate=evaluate)
    assert asked == [(5, torch.float32), (10, torch.float32), (12, torch.float32)]
    records = read_metrics(lab.folder / "stage/metrics.jsonl")
    assert {record["step"]: record["held_out/fi"] for record in records if "held_out/fi" in record} == {
        5: 0.5, 10: 1.0, 12: 1.2,
    }  # fmt: skip
    assert summary["held_out/fi"] == 1.2
    assert "held_out/empty" not in summary
    asked.clear()
    lab.train("end", execution=lab.execution(), evaluate=evaluate)
    assert [step for step, _ in asked] == [12]


def test_what_decides_comes_first_and_every_part_sees_the_same_weights(lab: Lab) -> None:
    seen: list[tuple[str, float]] = []

    def saw(what: str, network: Scorer) -> None:
        seen.append((what, next(network.parameters()).sum().item()))

    def watch(network: Network) -> tuple[float, float]:
        saw("watched", network)
        return 0.0, 0.0

    def evaluate(network: Scorer, step: int) -> dict[str, float]:
        saw("text", network)
        return {}

    class Telling(Made):
        def __call__(self, network: Network, job: Job | None) -> Sequence[Score]:
            saw("tasks", network)
            return super().__call__(network, job)

    stop = {"refused": 1, "harmless_refused": 0, "every_steps": 4}
    stage = lab.stage(8, stop_when=stop, ask={"tasks": ["made-up"], "every_steps": 4})
    execution = lab.execution(evaluate_steps=4)
    given = {"early_end": EarlyEnd(stage, watch), "evaluate": evaluate, "asking": Asking(stage, Telling())}
    lab.train("stage", stage, execution=execution, **given)
    assert [what for what, _ in seen] == ["tasks", "watched", "text", "tasks", "text", "tasks"]
    assert len({weights for _, weights in seen[1:4]}) == len({weights for _, weights in seen[4:]}) == 1
    assert len({weights for _, weights in seen}) == 3


def test_a_stage_that_replays_ends_when_its_last_decision_says_so(lab: Lab) -> None:
    """And is asked tasks then, as at any end."""
    mixture = {"web/en": 1, "chats/fi": 4}
    retention = Retention(every_steps=2, budget={"web/en": 0.5}, patience=1)
    stage = lab.stage(8, mixture=mixture, retention=retention, ask={"tasks": ["made-up"], "every_steps": 100})
    bits = iter([1.0, 1.0, 2.0, 3.0, 4.0])

    def measure(network: Scorer) -> dict[str, float]:
        now = next(bits)
        return {"web/en": 1.0, "chats/fi": now}

    replay, made = Replay(stage, lambda decided: lab.loader(stage), measure, {}), Made()
    state = lab.train("stage", stage, replay=replay, asking=Asking(stage, made))
    assert state["step"] == 4 < stage.steps
    assert len(made.asked) == 2

"""Stages that learn from preference pairs: what they compare with, and that they train, mix and resume like others."""

from __future__ import annotations

import json
import math
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from aurora.model.folder import load_model
from aurora.model.scorer import Scorer
from aurora.recipe.stages.stage import Change, Stage
from aurora.tokens.loader import Batch
from aurora.tokens.preferences.references import references_of
from aurora.tokens.preferences.rows import References
from aurora.tokens.replay_decisions import DECISIONS, Decision, read_decisions
from aurora.tokens.store import TokenStore, store_stem
from aurora.training import reference
from aurora.training.deciding.replay import Replay
from aurora.training.parallel.engine import OneProcess
from aurora.training.process.runtime import Runtime
from aurora.training.records.metrics import read_metrics
from aurora.training.reference import compute_references, log_probabilities
from aurora.training.trainer import Batches
from training.disturbing import Interrupting
from training.small_stage import LENGTH, PREFERENCES, ROWS, VOCABULARY, Lab, assert_same, child_environment

CPU = torch.device("cpu")


def stage_of(lab: Lab, steps: int = 12, **settings: Any) -> Stage:
    values: dict[str, Any] = {
        "mixture": {PREFERENCES: 1},
        "objective": "dpo",
        "document_masks": True,
        "position_resets": True,
    }
    return lab.stage(steps, **(values | settings))


@pytest.fixture
def started(lab: Lab) -> Lab:
    """A lab with a model `start` to tune, and what it says of the pairs."""
    lab.train("start")
    compare(lab, stage_of(lab))
    return lab


def store_of(lab: Lab) -> TokenStore:
    return TokenStore.open(store_stem(lab.folder, PREFERENCES))


def compare(lab: Lab, stage: Stage, **settings: Any) -> None:
    (lab.folder / "reference").mkdir(exist_ok=True)
    stores, start = {PREFERENCES: store_of(lab)}, lab.folder / "start"
    compute_references(stage, start, lab.execution(**settings), stores, lab.folder / "reference")


def tune(lab: Lab, name: str, stage: Stage, **settings: Any) -> list[float]:
    lab.train(name, stage, **({"start": lab.folder / "start"} | settings))
    return [record["loss"] for record in read_metrics(lab.folder / name / "metrics.jsonl") if "loss" in record]


def said_by(lab: Lab, folder: Path, length: int = LENGTH) -> References:
    """What the model in a folder says of the pairs."""
    model, _ = load_model(folder)
    return log_probabilities(OneProcess(model, Runtime(CPU, "fp32", 1)), store_of(lab), length)


def margins(lab: Lab, folder: Path) -> float:
    """By how much a model finds chosen answers likelier than its start does, on average."""
    now, before = said_by(lab, folder), references_of(lab.folder / "reference", PREFERENCES)
    assert before is not None
    return float(np.diff(before - now, axis=1).mean())


def test_the_reference_is_what_the_network_says_of_each_answer_alone(
    started: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, (model, _) = store_of(started), load_model(started.folder / "start")
    found = references_of(started.folder / "reference", PREFERENCES)
    assert found is not None
    assert store.mask is not None
    for number in range(store.num_documents):
        begin, size = store.document(number)
        ids = torch.tensor(store.tokens[begin : begin + size].astype(np.int64))
        counted = torch.tensor(store.mask[begin + 1 : begin + size] == 1)
        logs = torch.log_softmax(model(ids[None, :-1])[0], 1)[torch.arange(size - 1), ids[1:]]
        assert found[number // 2, number % 2] == pytest.approx(logs[counted].sum().item(), abs=1e-5)
    monkeypatch.setattr(reference, "TOKENS_AT_ONCE", 20)
    np.testing.assert_allclose(said_by(started, started.folder / "start"), found, atol=1e-5)


@pytest.mark.distributed
@pytest.mark.parametrize("layout", [(2, 1, 2, True), (1, 2, 1, False)], ids=["tensor and data", "pipeline"])
def test_ranks_say_together_what_one_process_does(lab: Lab, layout: tuple[int, int, int, bool]) -> None:
    lab.train("start", start=lab.new_model(layers=2, width=32, heads=4))
    compare(lab, stage_of(lab))
    alone = references_of(lab.folder / "reference", PREFERENCES)
    tensor, pipeline, data, sequence = layout
    settings = {"tensor_parallel": tensor, "pipeline_parallel": pipeline, "sequence_parallel": sequence}
    command = [sys.executable, str(Path(__file__).with_name("reference_rank.py")), str(lab.folder)]
    command += [json.dumps({**settings, "micro_batch_sequences": 1}), str(tensor * pipeline * data)]
    subprocess.run(command, check=True, env=child_environment(), timeout=300)
    together = references_of(lab.folder / "together", PREFERENCES)
    assert alone is not None
    assert together is not None
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_pairs_longer_than_a_row_have_no_reference(lab: Lab) -> None:
    lab.train("start")
    found = said_by(lab, lab.folder / "start", 10)
    fit = (store_of(lab).document_sizes - 1).reshape(-1, 2).sum(1) <= 10
    assert 0 < fit.sum() < len(fit)
    assert (np.isfinite(found).all(1) == fit).all()


@pytest.mark.parametrize("packing", ["own", "best-fit"])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_stage_begins_at_its_start_and_learns_to_prefer(started: Lab, packing: str, precision: str) -> None:
    stage = stage_of(started, 20, packing=packing)
    compare(started, stage, precision=precision)
    losses = tune(started, "tuned", stage, execution=started.execution(precision=precision))
    assert losses[0] == pytest.approx(math.log(2), abs=1e-5 if precision == "fp32" else 5e-3)
    assert losses[-1] < losses[0] - 0.02
    preferred = [record["preferred"] for record in read_metrics(started.folder / "tuned/metrics.jsonl")]
    assert all(0 <= share <= 1 for share in preferred)
    assert np.mean(preferred[-10:]) > 0.6  # one half by chance
    assert margins(started, started.folder / "tuned") > 0.3


def test_beta_and_the_chosen_answers_own_loss_count(started: Lab) -> None:
    plain = tune(started, "plain", stage_of(started, 2))
    closer = tune(started, "closer", stage_of(started, 2, objective={"dpo": {"beta": 1.0}}))
    beside = tune(started, "beside", stage_of(started, 2, objective={"dpo": {"chosen": 1.0}}))
    assert plain[0] == pytest.approx(closer[0], abs=1e-5)
    assert plain[1] != closer[1]
    assert beside[0] > plain[0] + 1  # the cross-entropy of tokens that were hardly learnt


def test_text_beside_pairs_counts_by_its_share_of_the_tokens(started: Lab) -> None:
    """A step's loss is that of its pairs and of its text, each by its tokens."""
    stage = stage_of(started, 1, mixture={PREFERENCES: 1, "web/en": 1})
    (batch,) = started.loader(stage).batches(0, 1)
    assert batch.slots is not None
    of_pairs = int((batch.slots > 0).sum())
    total = int(batch.loss_mask.sum())
    assert 0.3 < of_pairs / total < 0.7
    (mixed,) = tune(started, "mixed", stage)

    text = np.array([window.source == "web/en" for window in batch.windows])
    model, _ = load_model(started.folder / "start")
    losses = model.token_losses(*(torch.from_numpy(part[text]) for part in (batch.inputs, batch.targets)))
    of_text = losses.mean().item()
    expected = (of_pairs * math.log(2) + (total - of_pairs) * of_text) / total
    assert mixed == pytest.approx(expected, abs=0.05)  # read here across the borders of documents


@pytest.mark.parametrize(
    "train", ["all", {"last_layers": 1}, {"lora": {"rank": 2, "alpha": 4}}], ids=["all", "last", "lora"]
)
def test_an_interrupted_stage_ends_with_the_same_bytes(started: Lab, train: Any) -> None:
    stage = stage_of(started, train=train, mixture={PREFERENCES: 3, "web/en": 1}, packing="best-fit")
    tune(started, "undisturbed", stage)
    for step in (3, 7):
        with pytest.raises(KeyboardInterrupt):
            tune(started, "stopped", stage, batches=Interrupting(started.loader(stage), step, signal.SIGINT))
    tune(started, "stopped", stage)
    assert_same(started.folder / "undisturbed", started.folder / "stopped")


def test_a_budget_is_in_force_beside_pairs(started: Lab) -> None:
    """Shares follow what is forgotten, and a stage that stops around a decision ends with the same bytes."""
    retention = {"every_steps": 3, "budget": {"web/en": 0.0}, "least": 0.1, "most": 0.9}
    stage = stage_of(started, mixture={PREFERENCES: 1, "web/en": 1}, retention=retention)

    def replay(stop: int = -1) -> Replay:
        def batches_of(decided: Sequence[Decision]) -> Batches:
            changes = [Change(from_tokens=it.step * ROWS * LENGTH, mixture=it.weights) for it in decided if it.weights]
            loader = started.loader(stage.model_copy(update={"changes": changes}))
            return Interrupting(loader, stop, signal.SIGINT)

        return Replay(stage, batches_of, lambda network: {"web/en": measured(network)}, {})

    tune(started, "undisturbed", stage, replay=replay())
    with pytest.raises(KeyboardInterrupt):
        tune(started, "stopped", stage, replay=replay(4))
    tune(started, "stopped", stage, replay=replay())
    assert_same(started.folder / "undisturbed", started.folder / "stopped")
    made = read_decisions(started.folder / "stopped" / DECISIONS).made
    assert [it.step for it in made] == [3, 6, 9, 12]
    assert all(0.1 <= it.weights["web/en"] <= 0.9 for it in made if it.weights)


def measured(network: Scorer) -> float:
    """Of a few tokens that rise by one."""
    tokens = torch.arange(3 * (LENGTH + 1)).view(3, -1) % VOCABULARY
    with torch.no_grad():
        return float(network.token_losses(tokens[:, :-1], tokens[:, 1:]).mean())


def test_a_pair_is_in_one_row_whatever_the_ranks(started: Lab) -> None:
    loader = started.loader(stage_of(started, packing="best-fit"))
    whole = loader.batch(3)

    def rows_of(batch: Batch) -> list[list[int]]:
        assert batch.slots is not None
        assert batch.margins is not None
        for slots in batch.slots:
            numbers = set(slots[slots > 0].tolist())
            assert numbers == set(range(1, len(numbers) + 1))
            assert len(numbers) % 2 == 0
        return [slots.tolist() + margins.tolist() for slots, margins in zip(batch.slots, batch.margins, strict=True)]

    for ranks in (2, 3):
        parts = [rows_of(loader.batch(3, rank, ranks)) for rank in range(ranks)]
        assert [row for part in parts for row in part] == rows_of(whole)


def test_without_a_reference_no_step_changes_the_weights(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    lab.train("start")
    tune(lab, "blind", stage_of(lab, 2))
    assert capsys.readouterr().err.count("is left out") == 2

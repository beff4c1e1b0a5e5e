"""Updates: what the loss is the mean of, and when a step does not change the weights or ends the stage."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from aurora.errors import AuroraError, UserError
from aurora.model.network import Network
from aurora.recipe.stages.schedule import Schedule
from aurora.recipe.stages.stage import Guard
from aurora.training.records.metrics import read_metrics
from training.disturbing import Altered, spoil
from training.small_stage import LENGTH, ROWS, Lab


@pytest.mark.parametrize("mixture", [{"web/en": 1}, {"web/en": 1, "redteam/pairs": 1}])
def test_micro_batches_change_nothing_but_rounding(lab: Lab, mixture: dict[str, float]) -> None:
    stage = lab.stage(mixture=mixture)
    whole = lab.train("whole", stage, execution=lab.execution(micro_batch_sequences=ROWS))
    parts = lab.train("parts", stage, execution=lab.execution(micro_batch_sequences=1))
    assert parts["loss"] == pytest.approx(whole["loss"], rel=1e-5)
    assert parts["gradient_norm"] == pytest.approx(whole["gradient_norm"], rel=1e-4)
    assert parts["loss_tokens"] == whole["loss_tokens"] <= whole["tokens"]


def test_the_loss_is_the_mean_over_the_targets_that_count(lab: Lab) -> None:
    stage = lab.stage(1, mixture={"redteam/pairs": 1})
    loss = lab.train("stage", stage)["loss"]
    batch = lab.loader(stage).batch(0)
    model = Network(lab.new_model().architecture, 48)
    model.initialise(torch.Generator().manual_seed(7))
    losses = model.token_losses(torch.from_numpy(batch.inputs), torch.from_numpy(batch.targets))
    assert not batch.loss_mask.all()
    assert loss == pytest.approx(losses[torch.from_numpy(batch.loss_mask)].mean().item(), rel=1e-5)


def test_masks_and_resets_train_each_document_by_itself(lab: Lab) -> None:
    """The loss of packed pairs is that of the pairs apart; without masks it is another."""
    settings: dict[str, Any] = {"mixture": {"redteam/pairs": 1}, "sequence_length": 2 * 40 + 1}
    settings["batch_tokens"] = settings["tokens"] = ROWS * settings["sequence_length"]
    wide = lab.new_model(positions=81)
    packed = lab.stage(1, packing="best-fit", document_masks=True, position_resets=True, **settings)
    loss = lab.train("packed", packed, start=wide)["loss"]
    model = Network(wide.architecture, 48)
    model.initialise(torch.Generator().manual_seed(7))
    batch = lab.loader(packed).batch(0)
    assert batch.documents is not None
    losses = []
    for row in range(ROWS):
        documents = batch.documents[row]
        assert set(documents.tolist()) == {0, 1, 2}  # two pairs and what fills the row up
        for number in (0, 1):
            inside = documents == number
            inputs, targets, mask = (
                torch.from_numpy(part[row][inside]) for part in (batch.inputs, batch.targets, batch.loss_mask)
            )
            losses.append(model.token_losses(inputs[None], targets[None])[0][mask])
    assert loss == pytest.approx(torch.cat(losses).mean().item(), rel=1e-5)
    joined = packed.model_copy(update={"document_masks": False, "position_resets": False})
    assert lab.train("joined", joined, start=wide)["loss"] != pytest.approx(loss, rel=3e-5)


def test_numbers_that_are_not_finite_stop_the_stage_and_name_the_step(lab: Lab) -> None:
    stage = lab.stage(40, schedule=Schedule(peak=1e30, start=1e30, warmup=0))
    with pytest.raises(
        AuroraError,
        match=r"^Step \d+ of stage base \(sequences \d+ to \d+\) did not change the weights, "
        r"like the 10 before: the \w+",
    ):
        lab.train("stage", stage, execution=lab.execution(checkpoint_seconds=1e-9))
    assert not (lab.folder / "stage/state.json").exists()
    newest = max((lab.folder / "stage").glob("step-*"))
    assert int(newest.name.removeprefix("step-")) == len(read_metrics(lab.folder / "stage/metrics.jsonl"))


def test_no_patience_stops_at_the_first_step_that_is_wrong(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil(monkeypatch, {3: math.nan})
    with pytest.raises(
        AuroraError, match=r"Step 4 of stage base \(sequences 18 to 23\) did not change the weights, like the 0 before"
    ):
        lab.train("stage", lab.stage(guard=Guard(patience=0)))


def test_tokens_of_a_larger_vocabulary_are_refused(lab: Lab) -> None:
    foreign = np.full((ROWS, LENGTH), 48)
    with pytest.raises(UserError, match="reads token 48, but its model's vocabulary has only 48 entries"):
        lab.train("stage", batches=Altered(lab.loader(lab.stage()), targets=foreign))

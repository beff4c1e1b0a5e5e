"""What a stage begins with: a rank's part of a published model, or the weights and moments of an earlier stage."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from aurora.errors import AuroraError, UserError
from aurora.model.weights import read_weights, write_weights
from aurora.recipe.stages.schedule import Schedule
from aurora.recipe.stages.stage import Optimizer
from aurora.training.records.metrics import read_metrics
from oracles import taking_up
from training.small_stage import Lab, updates


@pytest.mark.slow
@pytest.mark.distributed
@pytest.mark.timeout(600)
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="peaks are counted by Linux")
def test_a_rank_takes_up_its_part_within_a_fifth_more_memory() -> None:
    assert max(taking_up.measure((2, 2, 1))["largest"].values()) < 1.2


def test_a_network_that_is_none_of_its_family_is_refused_before_it_is_trained(lab: Lab) -> None:
    with pytest.raises(UserError, match=r"model\.architecture: key_value_heads is 2, but a gpt_bigcode network"):
        lab.train("stage", start=lab.new_model(heads=4, key_value_heads=2))


def test_a_stage_starts_from_another_with_or_without_its_moments(lab: Lab) -> None:
    lab.train("first")
    stage = lab.stage(3, schedule=Schedule(peak=1e-3, warmup=0))
    carried = lab.stage(3, schedule=Schedule(peak=1e-3, warmup=0), optimizer=Optimizer(carry=True))
    fresh = lab.train("fresh", stage, start=lab.folder / "first")
    kept = lab.train("kept", carried, start=lab.folder / "first")
    records = [read_metrics(lab.folder / name / "metrics.jsonl") for name in ("first", "fresh", "kept")]
    assert records[1][0]["loss"] == records[2][0]["loss"] < records[0][0]["loss"] - 0.5
    assert fresh["loss"] != kept["loss"]
    counts = [updates(lab.folder / name) for name in ("first", "fresh", "kept")]
    assert counts == [12, 3, 15]


def test_moments_cannot_be_carried_from_nothing(lab: Lab) -> None:
    with pytest.raises(UserError, match="carry needs an earlier stage"):
        lab.train("stage", lab.stage(optimizer=Optimizer(carry=True)))


def test_moments_of_another_network_are_refused_by_name(lab: Lab) -> None:
    lab.train("first")
    file = lab.folder / "first" / "optimizer.safetensors"
    tensors = {name: tensor.clone() for name, tensor in read_weights([file]).items()}
    write_weights(file, tensors | {"exp_avg.transformer.ln_f.weight": torch.zeros(3)})
    carried = lab.stage(3, optimizer=Optimizer(carry=True))
    with pytest.raises(
        AuroraError, match=r"first: exp_avg\.transformer\.ln_f\.weight has shape \[3\], but this network"
    ):
        lab.train("kept", carried, start=lab.folder / "first")
    write_weights(file, {name: tensor for name, tensor in tensors.items() if "ln_f.bias" not in name})
    with pytest.raises(AuroraError, match=r"first lacks exp_avg\.transformer\.ln_f\.bias"):
        lab.train("kept", carried, start=lab.folder / "first")

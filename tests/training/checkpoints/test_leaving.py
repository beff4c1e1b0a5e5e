"""What a stage leaves that trained a part of the weights: a whole model, and adapters as peft reads them."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest
import torch

from aurora.errors import UserError
from aurora.model.folder import load_model
from aurora.model.huggingface import export_model
from aurora.model.weights import read_weights
from training.disturbing import Interrupting
from training.small_stage import Lab, assert_same, updates

LORA: dict[str, Any] = {"lora": {"rank": 3, "alpha": 6, "dropout": 0.1}}
PARTS = [{"last_layers": 1}, {"embeddings": False}, LORA]


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("train", PARTS, ids=["last-layers", "no-embeddings", "lora"])
def test_only_the_part_moves_and_only_it_has_moments(lab: Lab, train: dict[str, Any], precision: str) -> None:
    wide = lab.new_model(layers=2)
    lab.train("before", lab.stage(2), start=wide)
    execution = lab.execution(precision=precision)
    lab.train("after", lab.stage(8, train=train), start=lab.folder / "before", execution=execution)
    before, after = (read_weights([lab.folder / name / "model.safetensors"]) for name in ("before", "after"))
    moments = read_weights([lab.folder / "after/optimizer.safetensors"])
    assert before.keys() == after.keys()
    assert updates(lab.folder / "after") == 8
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    with_moments = {name.removeprefix("exp_avg.") for name in moments if name.startswith("exp_avg.")}
    if train == LORA:
        assert changed == {name for name in before if ".attn.c_" in name or ".mlp.c_" in name} - {
            name for name in before if name.endswith(".bias")
        }
        assert all(".lora_" in name for name in with_moments)
    else:
        assert changed == with_moments
        assert ("transformer.wte.weight" in changed) is False
        assert any("h.0." in name for name in changed) == (train == {"embeddings": False})


@pytest.mark.parametrize("train", PARTS, ids=["last-layers", "no-embeddings", "lora"])
def test_an_interrupted_stage_goes_on_to_the_bit(lab: Lab, train: dict[str, Any]) -> None:
    stage = lab.stage(train=train)
    lab.train("whole", stage)
    for step in (2, 7):
        with pytest.raises(SystemExit):
            lab.train("cut", stage, batches=Interrupting(lab.loader(stage), step, signal.SIGTERM))
    lab.train("cut", stage)
    assert_same(lab.folder / "whole", lab.folder / "cut")


def test_the_model_is_the_start_and_what_the_adapters_add(lab: Lab) -> None:
    lab.train("before", lab.stage(2))
    lab.train("after", lab.stage(6, train=LORA), start=lab.folder / "before")
    before, after = (read_weights([lab.folder / name / "model.safetensors"]) for name in ("before", "after"))
    adapters = read_weights([lab.folder / "after/adapter/adapter_model.safetensors"])
    assert len(adapters) == 2 * 4
    for name, matrix in after.items():
        down = f"base_model.model.{name.removesuffix('.weight')}.lora_A.weight"
        added: Any = 0
        if down in adapters:
            added = 6 / 3 * adapters[down.replace("lora_A", "lora_B")] @ adapters[down]
        assert torch.allclose(matrix, before[name] + added, atol=1e-6), name
    said = json.loads((lab.folder / "after/adapter/adapter_config.json").read_text())
    assert (said["peft_type"], said["r"], said["lora_alpha"]) == ("LORA", 3, 6.0)
    assert said["target_modules"] == ["attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"]


def test_an_export_has_the_adapters_in_it_and_beside_it(lab: Lab) -> None:
    lab.train("after", lab.stage(2, train=LORA))
    export_model(lab.folder / "after", lab.folder / "out")
    for name in ("adapter_model.safetensors", "adapter_config.json"):
        left, right = (lab.folder / place / "adapter" / name for place in ("after", "out"))
        assert left.read_bytes() == right.read_bytes()
    exported = read_weights([lab.folder / "out/model.safetensors"])
    trained = read_weights([lab.folder / "after/model.safetensors"])
    assert all(torch.equal(exported[name], trained[name]) for name in trained)


def test_peft_reads_the_adapters(lab: Lab, tmp_path: Path) -> None:
    """The start with our adapters on it computes, by peft, what the merged model computes."""
    peft = pytest.importorskip("peft")
    from transformers import AutoModelForCausalLM

    llama = {"family": "llama", "rotary": {}, "norm": "rms", "gated": True, "biases": [], "activation": "silu"}
    lab.train("before", lab.stage(2), start=lab.new_model(**llama))
    lab.train("after", lab.stage(6, train=LORA), start=lab.folder / "before")
    export_model(lab.folder / "before", tmp_path / "base")
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "base")
    with_adapters = peft.PeftModel.from_pretrained(model, lab.folder / "after/adapter").eval()
    network, _ = load_model(lab.folder / "after")
    tokens = torch.arange(1, 13)[None]
    with torch.no_grad():
        assert torch.allclose(with_adapters(tokens).logits, network.eval()(tokens), atol=1e-5)


def test_a_part_that_the_model_has_not_is_refused_in_a_sentence(lab: Lab) -> None:
    with pytest.raises(UserError, match=r"stages.base.train.last_layers is 3, but the model has 1 layers\."):
        lab.train("stage", lab.stage(train={"last_layers": 3}))
    with pytest.raises(UserError, match=r"stages.base.train.lora.targets names k_proj, but the linear layers of"):
        lab.train("stage", lab.stage(train={"lora": {"rank": 1, "alpha": 1, "targets": ["k_proj"]}}))

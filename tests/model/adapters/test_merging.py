"""Adapters merged: the network that they were trained in, without them, and as peft keeps them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from aurora.model.adapters.description import AdaptedArchitecture, to_train
from aurora.model.adapters.merging import CONFIG, TENSORS, Merged, write_adapters
from aurora.model.network import Network
from aurora.model.weights import read_weights
from aurora.recipe.model import Architecture
from aurora.recipe.stages.train import Lora, Part

SHAPE = Architecture(layers=2, width=16, heads=4, positions=24)


@pytest.fixture
def adapted() -> Network:
    """A network whose adapters have learnt something."""
    architecture = to_train(SHAPE, Part(lora=Lora(rank=2, alpha=4.0, dropout=0.25, targets=["c_attn", "c_fc"])))
    network = Network(architecture, 50)
    network.initialise(torch.Generator().manual_seed(1))
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for name, parameter in network.named.items():
            if "lora_B" in name:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.1)
    return network.eval()


def shape_of(network: Network) -> AdaptedArchitecture:
    assert isinstance(network.architecture, AdaptedArchitecture)
    return network.architecture


@torch.no_grad()
def test_the_plain_network_computes_what_the_adapted_one_did(adapted: Network) -> None:
    merged = Merged(adapted.named, shape_of(adapted), 50)
    plain = Network(SHAPE, 50).eval()
    assert list(merged) == list(plain.named)
    assert len(merged) == len(plain.named)
    for name, parameter in plain.named.items():
        assert merged.forms[name].shape == parameter.shape
        parameter.copy_(merged[name])
    tokens = torch.arange(20)[None]
    torch.testing.assert_close(plain(tokens), adapted(tokens), atol=1e-5, rtol=1e-5)
    moved = {name for name in merged if not torch.equal(merged[name], adapted.named[name])}
    assert moved == {f"transformer.h.{n}.{end}.weight" for n in range(2) for end in ("attn.c_attn", "mlp.c_fc")}


@torch.no_grad()
def test_a_sum_is_made_in_fp32_and_has_the_type_of_its_matrix(adapted: Network) -> None:
    half = {name: tensor.to(torch.bfloat16) for name, tensor in adapted.named.items()}
    merged, exact = (
        Merged(tensors, shape_of(adapted), 50) for tensors in (half, {k: v.float() for k, v in half.items()})
    )
    for name in merged:
        assert merged[name].dtype == torch.bfloat16
        assert torch.equal(merged[name], exact[name].to(torch.bfloat16))


def test_peft_s_files_hold_the_adapters_and_nothing_else(adapted: Network, tmp_path: Path) -> None:
    write_adapters(tmp_path / "adapter", adapted.named, shape_of(adapted), 50)
    tensors = read_weights([tmp_path / "adapter" / TENSORS])
    assert len(tensors) == 2 * 2 * 2
    assert all(name.startswith("base_model.model.") and ".lora_" in name for name in tensors)
    assert all(torch.equal(tensor, adapted.named[name]) for name, tensor in tensors.items())
    config = json.loads((tmp_path / "adapter" / CONFIG).read_text())
    assert (config["r"], config["lora_alpha"], config["lora_dropout"]) == (2, 4.0, 0.25)
    assert config["peft_type"] == "LORA"
    assert len(config["target_modules"]) == 2
    for name in tensors:
        assert any(name.partition(".lora_")[0].endswith(target) for target in config["target_modules"])

"""Adapters: which layers have them, what they compute, and which tensors a stage moves."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from aurora.model.adapters.description import AdaptedArchitecture, linear_modules, to_train
from aurora.model.network import Network
from aurora.model.tensors import tensor_table, trained_names
from aurora.recipe.model import Architecture
from aurora.recipe.stages.train import Lora, Part

SHAPE: dict[str, Any] = {"layers": 3, "width": 16, "heads": 4, "positions": 24}
LLAMA: dict[str, Any] = {
    **SHAPE, "family": "llama", "key_value_heads": 2, "rotary": {}, "norm": "rms", "gated": True, "biases": [],
}  # fmt: skip


def lora(**settings: Any) -> Part:
    return Part(lora=Lora(**{"rank": 2, "alpha": 4.0, **settings}))


@pytest.mark.parametrize("shape", [SHAPE, LLAMA], ids=["gpt_bigcode", "llama"])
def test_the_table_of_a_network_with_adapters_is_the_network(shape: dict[str, Any]) -> None:
    architecture = to_train(Architecture(**shape), lora())
    with torch.device("meta"):
        network = Network(architecture, 50)
    table = tensor_table(architecture, 50)
    assert {spec.path: spec.shape for spec in table.values()} == {
        path: tuple(parameter.shape) for path, parameter in network.named_parameters()
    }
    plain = tensor_table(Architecture(**shape), 50)
    assert {name for name, spec in table.items() if not spec.adapter} == set(plain)
    assert sum(spec.adapter for spec in table.values()) == 2 * 3 * len(linear_modules(architecture))
    assert isinstance(architecture, AdaptedArchitecture)
    assert architecture.plain == Architecture(**shape)


def test_new_adapters_change_nothing_and_trained_ones_add_their_product() -> None:
    plain = Network(Architecture(**LLAMA), 50)
    plain.initialise(torch.Generator().manual_seed(1))
    adapted = Network(to_train(plain.architecture, lora(targets=["v_proj"])), 50)
    adapted.initialise(torch.Generator().manual_seed(1))
    tokens = torch.arange(20)[None]
    assert torch.equal(adapted(tokens), plain(tokens))
    down = "base_model.model.model.layers.1.self_attn.v_proj.lora_A.weight"
    with torch.no_grad():
        adapted.named[down.replace("lora_A", "lora_B")].fill_(0.3)
        matrix = plain.named["model.layers.1.self_attn.v_proj.weight"]
        matrix += 4 / 2 * torch.full((8, 2), 0.3) @ adapted.named[down]
    assert torch.allclose(adapted(tokens), plain(tokens), atol=1e-6)


def test_targets_are_the_ends_of_the_hub_s_names() -> None:
    architecture = Architecture(**SHAPE)
    of = {
        target: to_train(architecture, lora(targets=[target])).adapters.modules  # type: ignore[attr-defined]
        for target in ("c_proj", "attn.c_proj", "c_fc")
    }
    assert of["c_proj"] == ("attention.output", "mlp.down")
    assert of["attn.c_proj"] == ("attention.output",)
    assert of["c_fc"] == ("mlp.up",)
    with pytest.raises(ValueError, match=r"targets names q_proj, but the linear layers of this model are attn.c_attn"):
        to_train(architecture, lora(targets=["c_proj", "q_proj"]))


def test_a_part_moves_what_it_says() -> None:
    architecture = Architecture(**SHAPE, tied=False)
    table = tensor_table(architecture, 50)

    def moved(part: Part) -> set[str]:
        return {table[name].path for name in trained_names(table, 3, part)}

    paths = {spec.path for spec in table.values()}
    assert trained_names(table, 3, "all") == set(table)
    assert paths - moved(Part(embeddings=False)) == {"embedding.weight", "positions.weight", "output.weight"}
    last = moved(Part(last_layers=1))
    assert last == {path for path in paths if path.startswith(("blocks.2.", "norm."))}
    with pytest.raises(ValueError, match="last_layers is 4, but the model has 3 layers"):
        to_train(architecture, Part(last_layers=4))
    adapted = tensor_table(to_train(architecture, lora()), 50)
    assert all("lora_" in name for name in trained_names(adapted, 3, lora()))

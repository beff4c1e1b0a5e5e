from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from aurora.model.network import Network
from aurora.model.tensors import EMBEDDING, POSITIONS, Cut, block_products, outer_products, tensor_table
from aurora.recipe.model import Architecture

SHAPE = {"layers": 3, "width": 32, "heads": 4, "positions": 24}


@pytest.mark.parametrize("changes", [{}, {"key_value_heads": 4}, {"tied": False}, {"inner": 40, "tied": False}])
def test_the_table_is_the_network(changes: dict[str, Any]) -> None:
    """Names, order and shapes are those of the parameters, so that whoever reads the table needs no network."""
    architecture = Architecture(**SHAPE, **changes)
    with torch.device("meta"):
        network = Network(architecture, 50)
    parameters = {path: tuple(parameter.shape) for path, parameter in network.named_parameters()}
    table = tensor_table(architecture, 50)
    assert [(spec.path, spec.shape) for spec in table.values()] == list(parameters.items())
    assert [spec.name for spec in table.values()] == list(table) == list(network.named)
    assert sum(spec.size for spec in table.values()) == network.num_parameters
    assert all(spec.decays == (len(spec.shape) > 1) for spec in table.values())


def test_each_tensor_says_who_holds_it() -> None:
    table = tensor_table(Architecture(**SHAPE), 50)

    def held(blocks: range) -> set[str]:
        return {spec.path for spec in table.values() if spec.block is None and spec.belongs_to(blocks, 3)}

    assert held(range(0, 1)) == {EMBEDDING, POSITIONS}
    assert held(range(1, 2)) == set()
    assert held(range(2, 3)) == {EMBEDDING, "norm.weight", "norm.bias"}
    assert [table[f"transformer.h.{number}.ln_1.bias"].belongs_to(range(1, 3), 3) for number in range(3)] == [
        False,
        True,
        True,
    ]
    untied = tensor_table(Architecture(**SHAPE, tied=False), 50)
    assert not untied["transformer.wte.weight"].belongs_to(range(2, 3), 3)
    assert untied["lm_head.weight"].belongs_to(range(2, 3), 3)


def test_the_one_key_and_value_head_is_held_by_all_and_everything_else_of_a_layer_cut() -> None:
    one, many = (tensor_table(Architecture(**SHAPE, key_value_heads=kind), 50) for kind in (1, 4))
    joined = "transformer.h.1.attn.c_attn"
    assert one[f"{joined}.weight"].cut == one[f"{joined}.bias"].cut == Cut(0, common=16)
    assert many[f"{joined}.weight"].cut == Cut(0)
    assert one["transformer.h.1.mlp.c_proj.weight"].cut == Cut(1)
    assert one["transformer.h.1.mlp.c_proj.bias"].cut is None


def test_key_value_heads_are_cut_where_ranks_can_share_them() -> None:
    shape = {"family": "llama", "rotary": {}, "norm": "rms", "gated": True, "biases": [], "key_value_heads": 2}
    table = tensor_table(Architecture.model_validate({**SHAPE, **shape}), 50)
    assert table["model.layers.1.self_attn.k_proj.weight"].cut == Cut(0, units=2)
    assert table["model.layers.1.self_attn.q_proj.weight"].cut == Cut(0)
    assert table["model.layers.1.mlp.gate_proj.weight"].cut == table["model.layers.1.mlp.up_proj.weight"].cut == Cut(0)
    assert table["model.layers.1.mlp.down_proj.weight"].cut == Cut(1)


def test_layers_onto_the_residual_stream_are_drawn_smaller_and_biases_not_at_all() -> None:
    table = tensor_table(Architecture(**SHAPE, initializer_range=0.05), 50)
    assert table["transformer.wte.weight"].deviation == table["transformer.h.0.attn.c_attn.weight"].deviation == 0.05
    assert table["transformer.h.0.attn.c_proj.weight"].deviation == 0.05 / math.sqrt(6)
    norm, bias = table["transformer.ln_f.weight"], table["transformer.h.0.mlp.c_fc.bias"]
    assert (norm.mean, norm.deviation, bias.mean, bias.deviation) == (1, 0, 0, 0)


@pytest.mark.parametrize("tied", [True, False])
def test_rows_that_are_looked_up_multiply_nothing(tied: bool) -> None:
    table = tensor_table(Architecture(**SHAPE, tied=tied), 50)
    assert outer_products(table) == 50 * 32
    assert block_products(table) == 32 * (32 + 16) + 32 * 32 + 2 * 32 * 128

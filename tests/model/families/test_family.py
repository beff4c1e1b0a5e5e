"""A family as data: what every one of them says holds both ways, and what it does not know it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from aurora.model.families import FAMILIES
from aurora.model.families.family import Family
from aurora.model.tensors import tensor_table
from aurora.recipe.model import Architecture

NAMES = {"embedding": "model.wte", "blocks": "model.h", "mlp.up": "ff.up", "output": "head"}
PLAIN = Family(
    "plain",
    "PlainForCausalLM",
    NAMES,
    keys={"n_layer": "layers", "n_embd": "width", "n_head": "heads", "n_ctx": "positions"},
    defaults={"n_ctx": 32},
    needed={"dropout": 0.0, "window": None},
    constants={"act.beta": 0.5},
)
# The smallest configuration of each family.
SMALL: dict[str, Any] = {
    "hidden_size": 48,
    "intermediate_size": 64,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
    "head_dim": 12,
    "n_embd": 48,
    "n_layer": 4,
    "n_head": 4,
    "n_positions": 64,
    "multi_query": True,
}


@pytest.mark.parametrize("name", FAMILIES)
def test_a_configuration_that_is_written_is_read_as_the_same_network(name: str) -> None:
    family = FAMILIES[name]
    architecture = family.architecture(SMALL)
    assert architecture.family == name
    written = family.configuration(architecture)
    assert written["model_type"] == name
    assert family.architecture(written) == architecture
    family.refuse(architecture)


@pytest.mark.parametrize("name", FAMILIES)
def test_every_tensor_has_a_name_of_its_own_below_the_prefix(name: str) -> None:
    family = FAMILIES[name]
    table = tensor_table(family.architecture(SMALL), 300)
    names = [family.tensor(spec.path) for spec in table.values()]
    assert len(set(names)) == len(names)
    assert all(found.startswith(family.prefix) or found == f"{family.names['output']}.weight" for found in names)
    assert not set(names) & set(family.constant_tensors(4))


@pytest.mark.parametrize("name", FAMILIES)
def test_what_must_have_a_value_is_refused_with_another(name: str) -> None:
    family = FAMILIES[name]
    for key, value in family.needed.items():
        with pytest.raises(ValueError, match=f"{key} is 'odd', but this network computes {value!r} only"):
            family.architecture(SMALL | {key: "odd"})
        assert family.architecture(SMALL | {key: None}) == family.architecture(SMALL)  # not stated


def test_names_follow_from_the_path() -> None:
    assert PLAIN.tensor("embedding.weight") == "model.wte.weight"
    assert PLAIN.tensor("blocks.11.mlp.up.bias") == "model.h.11.ff.up.bias"
    assert PLAIN.tensor("output.weight") == "head.weight"
    assert PLAIN.constant_tensors(2) == {"model.h.0.act.beta": 0.5, "model.h.1.act.beta": 0.5}


def test_a_network_with_what_the_family_lacks_is_refused_by_its_key() -> None:
    family = FAMILIES["llama"]
    odd = family.architecture(SMALL).model_copy(update={"norm_epsilon": 1e-3, "norm": "layer"})
    with pytest.raises(ValueError, match="norm is 'layer', but a llama network of this shape has 'rms'"):
        family.refuse(odd)
    assert isinstance(odd, Architecture)

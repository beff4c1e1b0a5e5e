"""What families share: heads, biases and windows, read and written as they were read."""

from __future__ import annotations

from typing import Any

import pytest

from aurora.model.families.common import (
    later_family,
    read_layer_types,
    read_optional_window,
    read_window,
    write_layer_types,
    write_optional_window,
)
from aurora.model.families.family import Family
from aurora.recipe.model import Architecture, Window


def architecture(**changes: Any) -> Architecture:
    return Architecture.model_validate({"layers": 4, "width": 32, "heads": 4, "positions": 64, **changes})


SHAPE = {"num_hidden_layers": 4, "hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 4}
SHAPE |= {"max_position_embeddings": 64}


def family(**defaults: Any) -> Family:
    return later_family("llama", "LlamaForCausalLM", defaults)


@pytest.mark.parametrize(
    ("stated", "heads"), [({"num_key_value_heads": 2}, 2), ({"num_key_value_heads": None}, 4), ({}, 4)]
)
def test_heads_of_keys_and_values_are_as_many_as_of_queries_where_none_are_stated(
    stated: dict[str, Any], heads: int
) -> None:
    assert family().architecture({**SHAPE, **stated}).key_value_heads == heads


def test_a_window_needs_tokens_and_layers() -> None:
    assert read_window({"sliding_window": 16}, [0, 2]) == Window(tokens=16, layers=(0, 2))
    assert read_window({"sliding_window": 16}, []) is None
    assert read_window({"sliding_window": None}, [0]) is None
    assert read_window({}, [0]) is None


@pytest.mark.parametrize("layers", [[0], [0, 1, 2], [1, 3], [0, 1, 2, 3]])
def test_layers_with_a_window_are_listed_and_read_back(layers: list[int]) -> None:
    shape = architecture(window={"tokens": 16, "layers": layers})
    types = write_layer_types(shape)
    assert len(types) == 4
    assert read_layer_types({"layer_types": types}, []) == layers


def test_layers_that_are_not_listed_are_those_of_the_family() -> None:
    assert read_layer_types({}, [1, 3]) == read_layer_types({"layer_types": None}, [1, 3]) == [1, 3]
    assert read_layer_types({"layer_types": ["full_attention"] * 4}, [1, 3]) == []


def test_one_key_stands_for_the_biases_of_all_projections_where_the_family_has_it() -> None:
    both = family(attention_bias=False, mlp_bias=False)
    stated = {**SHAPE, "attention_bias": True, "mlp_bias": True}
    assert both.architecture(stated).biases == ("query_key_value", "attention_output", "mlp")
    assert both.architecture(SHAPE).biases == ()
    written = both.configuration(both.architecture(stated))
    assert (written["attention_bias"], written["mlp_bias"]) == (True, True)
    neither = family()
    assert neither.architecture(stated).biases == ()
    assert not {"attention_bias", "mlp_bias"} & neither.configuration(neither.architecture(SHAPE)).keys()


def test_a_window_that_is_not_used_is_none() -> None:
    values = {"sliding_window": 16, "use_sliding_window": True}
    assert read_optional_window(values, [1, 3]) == Window(tokens=16, layers=(1, 3))
    assert read_optional_window(values | {"use_sliding_window": False}, [1, 3]) is None
    written = write_optional_window(architecture(window={"tokens": 16, "layers": [1, 3]}))
    assert read_optional_window(written, []) == Window(tokens=16, layers=(1, 3))
    assert write_optional_window(architecture())["use_sliding_window"] is False

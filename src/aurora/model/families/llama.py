"""Llama 2 and 3, and models of the same architecture: SmolLM2, EuroLLM, Poro 2."""

from __future__ import annotations

from typing import Any

from aurora.model.families.common import (
    BUFFERS,
    DEFAULTS,
    FIXED,
    KEYS,
    NAMES,
    NEEDED,
    read_attention_bias,
    read_heads,
    read_rotary,
    write_rotary,
)
from aurora.model.families.family import Family, Values
from aurora.recipe.model import Architecture


def read(values: Values) -> dict[str, Any]:
    """Positions, key/value heads and biases."""
    return {
        "rotary": read_rotary(values),
        "key_value_heads": read_heads(values),
        "biases": (*read_attention_bias(values), *(["mlp"] if values["mlp_bias"] else [])),
    }


def write(architecture: Architecture) -> dict[str, Any]:
    """The keys that `read` reads."""
    return {
        **write_rotary(architecture),
        "attention_bias": "query_key_value" in architecture.biases,
        "mlp_bias": "mlp" in architecture.biases,
    }


FAMILY = Family(
    name="llama",
    network="LlamaForCausalLM",
    names=NAMES,
    keys=KEYS,
    fixed=FIXED,
    defaults={
        **DEFAULTS,
        "vocab_size": 32000,
        "hidden_size": 4096,
        "intermediate_size": 11008,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "max_position_embeddings": 2048,
        "attention_bias": False,
        "mlp_bias": False,
    },
    needed=NEEDED,
    read=read,
    write=write,
    buffers=BUFFERS,
)

"""Qwen2 and Qwen2.5: Llama with biases on query, key and value."""

from __future__ import annotations

from typing import Any

from aurora.model.families.common import (
    BUFFERS,
    DEFAULTS,
    FIXED,
    KEYS,
    NAMES,
    NEEDED,
    read_heads,
    read_layer_types,
    read_rotary,
    read_window,
    write_layer_types,
    write_rotary,
)
from aurora.model.families.family import Family, Values
from aurora.recipe.model import Architecture


def read(values: Values) -> dict[str, Any]:
    """Positions, key/value heads, and the window of the later layers where it is used."""
    later = range(values["max_window_layers"], values["num_hidden_layers"])
    layers = read_layer_types(values, later) if values["use_sliding_window"] else []
    return {
        "rotary": read_rotary(values),
        "key_value_heads": read_heads(values),
        "window": read_window(values, layers),
    }


def write(architecture: Architecture) -> dict[str, Any]:
    """The keys that `read` reads."""
    window = architecture.window
    return {
        **write_rotary(architecture),
        "use_sliding_window": window is not None,
        "sliding_window": None if window is None else window.tokens,
        "max_window_layers": architecture.layers,
        "layer_types": write_layer_types(architecture),
    }


FAMILY = Family(
    name="qwen2",
    network="Qwen2ForCausalLM",
    names=NAMES,
    keys=KEYS,
    fixed={**FIXED, "biases": ("query_key_value",)},
    defaults={
        **DEFAULTS,
        "vocab_size": 151936,
        "hidden_size": 4096,
        "intermediate_size": 22016,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "num_key_value_heads": 32,
        "max_position_embeddings": 32768,
        "use_sliding_window": False,
        "sliding_window": 4096,
        "max_window_layers": 28,
    },
    needed=NEEDED,
    read=read,
    write=write,
    buffers=BUFFERS,
)

"""Qwen2 and Qwen2.5: Llama with biases on query, key and value."""

from __future__ import annotations

from typing import Any

from aurora.model.families.common import later_family, read_optional_window, write_optional_window
from aurora.model.families.family import Values
from aurora.recipe.model import Architecture

DEFAULTS: dict[str, Any] = {
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
}


def read(values: Values) -> dict[str, Any]:
    """The window of the later layers, where it is used."""
    return {"window": read_optional_window(values, range(values["max_window_layers"], values["num_hidden_layers"]))}


def write(architecture: Architecture) -> dict[str, Any]:
    """The keys that `read` reads."""
    return {**write_optional_window(architecture), "max_window_layers": architecture.layers}


FAMILY = later_family(
    "qwen2",
    "Qwen2ForCausalLM",
    DEFAULTS,
    fixed={"biases": ("query_key_value",)},
    read=read,
    write=write,
)

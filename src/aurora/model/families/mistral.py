"""Mistral 7B: Llama without biases; its first version has a window in all layers."""

from __future__ import annotations

from typing import Any

from aurora.model.families.common import later_family, read_window
from aurora.model.families.family import Values
from aurora.recipe.model import Architecture


def read(values: Values) -> dict[str, Any]:
    """The window of all layers."""
    return {"window": read_window(values, range(values["num_hidden_layers"]))}


def write(architecture: Architecture) -> dict[str, Any]:
    """The key that `read` reads."""
    return {"sliding_window": None if architecture.window is None else architecture.window.tokens}


FAMILY = later_family(
    "mistral",
    "MistralForCausalLM",
    defaults={
        "vocab_size": 32000,
        "hidden_size": 4096,
        "intermediate_size": 14336,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "max_position_embeddings": 131072,
        "sliding_window": 4096,
    },
    read=read,
    write=write,
)

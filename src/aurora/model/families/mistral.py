"""Mistral 7B: Llama without biases; its first version has a window in all layers."""

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
    read_rotary,
    read_window,
    write_rotary,
)
from aurora.model.families.family import Family, Values
from aurora.recipe.model import Architecture


def read(values: Values) -> dict[str, Any]:
    """Positions, key/value heads and the window of all layers."""
    return {
        "rotary": read_rotary(values),
        "key_value_heads": read_heads(values),
        "window": read_window(values, range(values["num_hidden_layers"])),
    }


def write(architecture: Architecture) -> dict[str, Any]:
    """The keys that `read` reads."""
    window = architecture.window
    return {**write_rotary(architecture), "sliding_window": None if window is None else window.tokens}


FAMILY = Family(
    name="mistral",
    network="MistralForCausalLM",
    names=NAMES,
    keys=KEYS,
    fixed=FIXED,
    defaults={
        **DEFAULTS,
        "vocab_size": 32000,
        "hidden_size": 4096,
        "intermediate_size": 14336,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "max_position_embeddings": 131072,
        "sliding_window": 4096,
    },
    needed=NEEDED,
    read=read,
    write=write,
    buffers=BUFFERS,
)

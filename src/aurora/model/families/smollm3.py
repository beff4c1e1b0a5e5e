"""SmolLM3: Llama with every fourth layer without positions."""

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
    read_layer_types,
    read_rotary,
    read_window,
    write_layer_types,
    write_rotary,
)
from aurora.model.families.family import Family, Values
from aurora.recipe.model import Architecture


def read(values: Values) -> dict[str, Any]:
    """Positions and the layers without them, key/value heads, biases, and the window where it is used."""
    layers, interval = values["num_hidden_layers"], values["no_rope_layer_interval"]
    has_positions = values.get("no_rope_layers") or [(number + 1) % interval for number in range(layers)]
    without = tuple(number for number, rotated in enumerate(has_positions) if not rotated)
    windowed = read_layer_types(values, without) if values["use_sliding_window"] else []
    return {
        "rotary": read_rotary(values).model_copy(update={"without": without}),
        "key_value_heads": read_heads(values),
        "window": read_window(values, windowed),
        "biases": (*read_attention_bias(values), *(["mlp"] if values["mlp_bias"] else [])),
    }


def write(architecture: Architecture) -> dict[str, Any]:
    """The keys that `read` reads."""
    window = architecture.window
    return {
        **write_rotary(architecture),
        "no_rope_layers": [int(architecture.rotary_of(number) is not None) for number in range(architecture.layers)],
        "use_sliding_window": window is not None,
        "sliding_window": None if window is None else window.tokens,
        "layer_types": write_layer_types(architecture),
        "attention_bias": "query_key_value" in architecture.biases,
        "mlp_bias": "mlp" in architecture.biases,
    }


FAMILY = Family(
    name="smollm3",
    network="SmolLM3ForCausalLM",
    names=NAMES,
    keys=KEYS,
    fixed=FIXED,
    defaults={
        **DEFAULTS,
        "vocab_size": 128256,
        "hidden_size": 2048,
        "intermediate_size": 11008,
        "num_hidden_layers": 36,
        "num_attention_heads": 16,
        "num_key_value_heads": 4,
        "max_position_embeddings": 32768,
        "use_sliding_window": False,
        "sliding_window": None,
        "no_rope_layer_interval": 4,
        "attention_bias": False,
        "mlp_bias": False,
        "tie_word_embeddings": True,
    },
    needed=NEEDED,
    read=read,
    write=write,
    buffers=BUFFERS,
)

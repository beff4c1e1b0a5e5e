"""Apertus: a plain MLP with a learnt activation, and a norm on every head of query and key."""

from __future__ import annotations

from typing import Any

from aurora.model.families.common import (
    BUFFERS,
    DEFAULTS,
    FIXED,
    HEAD_NORMS,
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

OTHER_NAMES = {
    **HEAD_NORMS,
    "attention_norm": "attention_layernorm",
    "mlp_norm": "feedforward_layernorm",
    "mlp.activation": "mlp.act_fn",
}
ROTARY = {  # what `transformers` assumes where a configuration states no positions
    "rope_type": "llama3",
    "rope_theta": 12_000_000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}


def read(values: Values) -> dict[str, Any]:
    """Positions, key/value heads and biases."""
    stated = values.get("rope_scaling") or values.get("rope_parameters") or values.get("rope_theta")
    return {
        "rotary": read_rotary(values if stated else {**values, "rope_parameters": ROTARY}),
        "key_value_heads": read_heads(values),
        "biases": read_attention_bias(values),
    }


def write(architecture: Architecture) -> dict[str, Any]:
    """The keys that `read` reads."""
    return {**write_rotary(architecture), "attention_bias": bool(architecture.biases)}


FAMILY = Family(
    name="apertus",
    network="ApertusForCausalLM",
    names={ours: theirs for ours, theirs in NAMES.items() if ours != "mlp.gate"} | OTHER_NAMES,
    keys=KEYS,
    fixed={**FIXED, "gated": False, "head_norm": "head"},
    defaults={
        **DEFAULTS,
        "vocab_size": 131072,
        "hidden_size": 4096,
        "intermediate_size": 14336,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "hidden_act": "xielu",
        "max_position_embeddings": 65536,
        "rms_norm_eps": 1e-5,
        "attention_bias": False,
    },
    needed=NEEDED,
    read=read,
    write=write,
    buffers=BUFFERS,
    constants={"mlp.act_fn.beta": 0.5, "mlp.act_fn.eps": -1e-6},
)

"""OLMo 2: norms after attention and MLP, and one norm over all heads of query and one of key."""

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
    "attention_after": "post_attention_layernorm",
    "mlp_after": "post_feedforward_layernorm",
}


def read(values: Values) -> dict[str, Any]:
    """Positions, key/value heads and biases."""
    return {
        "rotary": read_rotary(values),
        "key_value_heads": read_heads(values),
        "biases": read_attention_bias(values),
    }


def write(architecture: Architecture) -> dict[str, Any]:
    """The keys that `read` reads."""
    return {**write_rotary(architecture), "attention_bias": bool(architecture.biases)}


FAMILY = Family(
    name="olmo2",
    network="Olmo2ForCausalLM",
    names={ours: theirs for ours, theirs in NAMES.items() if not ours.endswith("_norm")} | OTHER_NAMES,
    keys=KEYS,
    fixed={**FIXED, "norm_place": "after", "head_norm": "all"},
    defaults={
        **DEFAULTS,
        "vocab_size": 50304,
        "hidden_size": 4096,
        "intermediate_size": 11008,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "max_position_embeddings": 2048,
        "rms_norm_eps": 1e-5,
        "attention_bias": False,
    },
    needed=NEEDED,
    read=read,
    write=write,
    buffers=BUFFERS,
)

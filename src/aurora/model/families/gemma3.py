"""Gemma 3, text only: norms before and after attention and MLP, windows in most layers, and two rotary bases."""

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
    read_layer_types,
    read_rotary,
    read_window,
    write_layer_types,
    write_rotary,
)
from aurora.model.families.family import Family, Values
from aurora.recipe.model import Architecture

OTHER_NAMES = {
    **HEAD_NORMS,
    "attention_after": "post_attention_layernorm",
    "mlp_norm": "pre_feedforward_layernorm",
    "mlp_after": "post_feedforward_layernorm",
}
BASE, WINDOWED_BASE = 1_000_000.0, 10_000.0  # what `transformers` assumes where a configuration states none


def read(values: Values) -> dict[str, Any]:
    """Positions of both kinds of layers, windows, key/value heads and biases."""
    by_kind = values.get("rope_parameters") or {}
    whole, windowed = by_kind.get("full_attention") or {}, by_kind.get("sliding_attention") or {}
    if (kind := windowed.get("rope_type", "default")) != "default":
        raise ValueError(f"rope_type of layers with a window is {kind!r}, but this network computes 'default' only")
    base = whole.get("rope_theta") or values.get("rope_theta") or BASE
    scaling = {"rope_scaling": {**whole, **(values.get("rope_scaling") or {}), "rope_theta": base}}
    windowed_base = windowed.get("rope_theta") or values.get("rope_local_base_freq") or WINDOWED_BASE
    pattern = values["sliding_window_pattern"]
    usual = [number for number in range(values["num_hidden_layers"]) if (number + 1) % pattern]
    return {
        "rotary": read_rotary({**values, **scaling}).model_copy(update={"windowed_base": windowed_base}),
        "window": read_window(values, read_layer_types(values, usual)),
        "key_value_heads": read_heads(values),
        "biases": read_attention_bias(values),
    }


def write(architecture: Architecture) -> dict[str, Any]:
    """The keys that `read` reads."""
    rotary, window = architecture.rotary, architecture.window
    return {
        **write_rotary(architecture),
        "rope_local_base_freq": WINDOWED_BASE if rotary is None else rotary.windowed_base,
        "sliding_window": None if window is None else window.tokens,
        "layer_types": write_layer_types(architecture),
        "attention_bias": bool(architecture.biases),
    }


FAMILY = Family(
    name="gemma3_text",
    network="Gemma3ForCausalLM",
    names={**NAMES, **OTHER_NAMES},
    keys={theirs: ours for theirs, ours in KEYS.items() if theirs != "hidden_act"}
    | {"hidden_activation": "activation", "query_pre_attn_scalar": "attention_width"},
    fixed={
        **FIXED,
        "norm": "rms_from_one",
        "norm_place": "around",
        "head_norm": "head",
        "embedding_scaled": True,
    },
    defaults={
        **DEFAULTS,
        "vocab_size": 262208,
        "hidden_size": 2304,
        "intermediate_size": 9216,
        "num_hidden_layers": 26,
        "num_attention_heads": 8,
        "num_key_value_heads": 4,
        "head_dim": 256,
        "hidden_activation": "gelu_pytorch_tanh",
        "max_position_embeddings": 131072,
        "query_pre_attn_scalar": 256,
        "sliding_window": 4096,
        "sliding_window_pattern": 6,
        "tie_word_embeddings": True,
        "attention_bias": False,
    },
    needed={
        **NEEDED,
        "attn_logit_softcapping": None,
        "final_logit_softcapping": None,
        "use_bidirectional_attention": False,
    },
    read=read,
    write=write,
    buffers=BUFFERS,
)

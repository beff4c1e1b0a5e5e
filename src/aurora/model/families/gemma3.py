"""Gemma 3, text only: norms before and after attention and MLP, windows in most layers, and two rotary bases."""

from __future__ import annotations

from typing import Any

from aurora.model.families.common import (
    HEAD_NORMS,
    KEYS,
    NAMES,
    later_family,
    read_layer_types,
    read_window,
    write_window,
)
from aurora.model.families.family import Values
from aurora.model.families.positions import read_rotary_by_kind, write_rotary
from aurora.recipe.model import Architecture, Rotary

OTHER_NAMES = {
    **HEAD_NORMS,
    "attention_after": "post_attention_layernorm",
    "mlp_norm": "pre_feedforward_layernorm",
    "mlp_after": "post_feedforward_layernorm",
}
BASE, WINDOWED_BASE = 1_000_000.0, 10_000.0  # what `transformers` assumes where a configuration states none


def read_positions(values: Values) -> Rotary:
    """Positions of both kinds of layers."""
    return read_rotary_by_kind(values, BASE, values.get("rope_local_base_freq") or WINDOWED_BASE)


def write_positions(architecture: Architecture) -> dict[str, Any]:
    """The keys that `read_positions` reads."""
    rotary = architecture.rotary
    windowed_base = WINDOWED_BASE if rotary is None else rotary.windowed_base
    return {**write_rotary(architecture), "rope_local_base_freq": windowed_base}


def read(values: Values) -> dict[str, Any]:
    """The windows, which every sixth layer is without, or as many as the pattern says."""
    pattern = values["sliding_window_pattern"]
    usual = [number for number in range(values["num_hidden_layers"]) if (number + 1) % pattern]
    return {"window": read_window(values, read_layer_types(values, usual))}


FAMILY = later_family(
    "gemma3_text",
    "Gemma3ForCausalLM",
    defaults={
        "vocab_size": 262208,
        "hidden_size": 2304,
        "intermediate_size": 9216,
        "num_hidden_layers": 26,
        "num_attention_heads": 8,
        "num_key_value_heads": 4,
        "max_position_embeddings": 131072,
        "head_dim": 256,
        "hidden_activation": "gelu_pytorch_tanh",
        "query_pre_attn_scalar": 256,
        "sliding_window": 4096,
        "sliding_window_pattern": 6,
        "tie_word_embeddings": True,
        "attention_bias": False,
    },
    names={**NAMES, **OTHER_NAMES},
    keys={theirs: ours for theirs, ours in KEYS.items() if theirs != "hidden_act"}
    | {"hidden_activation": "activation", "query_pre_attn_scalar": "attention_width"},
    fixed={"norm": "rms_from_one", "norm_place": "around", "head_norm": "head", "embedding_scaled": True},
    needed={
        "attn_logit_softcapping": None,
        "final_logit_softcapping": None,
        "use_bidirectional_attention": False,
    },
    positions=(read_positions, write_positions),
    read=read,
    write=write_window,
)

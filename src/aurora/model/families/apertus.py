"""Apertus: a plain MLP with a learnt activation, and a norm on every head of query and key."""

from __future__ import annotations

from aurora.model.families.common import HEAD_NORMS, NAMES, later_family
from aurora.model.families.family import Values
from aurora.model.families.positions import read_rotary, write_rotary
from aurora.recipe.model import Rotary

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


def read_positions(values: Values) -> Rotary:
    """Positions, which are Llama 3's where none are stated."""
    stated = values.get("rope_scaling") or values.get("rope_parameters") or values.get("rope_theta")
    return read_rotary(values if stated else {**values, "rope_parameters": ROTARY})


FAMILY = later_family(
    "apertus",
    "ApertusForCausalLM",
    defaults={
        "vocab_size": 131072,
        "hidden_size": 4096,
        "intermediate_size": 14336,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "max_position_embeddings": 65536,
        "hidden_act": "xielu",
        "rms_norm_eps": 1e-5,
        "attention_bias": False,
    },
    names={ours: theirs for ours, theirs in NAMES.items() if ours != "mlp.gate"} | OTHER_NAMES,
    fixed={"gated": False, "head_norm": "head"},
    positions=(read_positions, write_rotary),
    constants={"mlp.act_fn.beta": 0.5, "mlp.act_fn.eps": -1e-6},
)

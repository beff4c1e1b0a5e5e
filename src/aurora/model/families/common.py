"""What the families since Llama share: names of tensors, keys of the configuration, and how it states positions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from aurora.model.families.family import Values
from aurora.recipe.model import Architecture, Bias, LinearScaling, Llama3Scaling, Rotary, Window, YarnScaling

NAMES = {
    "embedding": "model.embed_tokens",
    "blocks": "model.layers",
    "attention_norm": "input_layernorm",
    "attention.query": "self_attn.q_proj",
    "attention.key": "self_attn.k_proj",
    "attention.value": "self_attn.v_proj",
    "attention.output": "self_attn.o_proj",
    "mlp_norm": "post_attention_layernorm",
    "mlp.gate": "mlp.gate_proj",
    "mlp.up": "mlp.up_proj",
    "mlp.down": "mlp.down_proj",
    "norm": "model.norm",
    "output": "lm_head",
}
KEYS = {
    "num_hidden_layers": "layers",
    "hidden_size": "width",
    "num_attention_heads": "heads",
    "num_key_value_heads": "key_value_heads",
    "head_dim": "head_width",
    "intermediate_size": "inner",
    "max_position_embeddings": "positions",
    "hidden_act": "activation",
    "rms_norm_eps": "norm_epsilon",
    "tie_word_embeddings": "tied",
    "initializer_range": "initializer_range",
}
FIXED: dict[str, Any] = {"norm": "rms", "gated": True, "biases": ()}
DEFAULTS: dict[str, Any] = {
    "hidden_act": "silu",
    "initializer_range": 0.02,
    "rms_norm_eps": 1e-6,
    "tie_word_embeddings": False,
}
HEAD_NORMS = {"attention.query_norm": "self_attn.q_norm", "attention.key_norm": "self_attn.k_norm"}
NEEDED: dict[str, Any] = {"attention_dropout": 0.0}  # a rate for attention alone: ours is one for all
BUFFERS = r"model\.layers\.\d+\.self_attn\.rotary_emb\.inv_freq"  # computed, not learnt; older files hold them


def read_heads(values: Values) -> int:
    """Key/value heads; a configuration that states none has as many as query heads."""
    heads: int = values.get("num_key_value_heads") or values["num_attention_heads"]
    return heads


def read_window(values: Values, layers: Sequence[int]) -> Window | None:
    """The sliding window of the layers with the numbers `layers`, None where there is none."""
    tokens = values.get("sliding_window")
    return Window(tokens=tokens, layers=tuple(layers)) if layers and tokens is not None else None


def read_layer_types(values: Values, otherwise: Sequence[int]) -> list[int]:
    """The numbers of the layers with a window: those that the configuration lists, or `otherwise`."""
    types = values.get("layer_types")
    return list(otherwise) if types is None else [n for n, kind in enumerate(types) if kind == "sliding_attention"]


def write_layer_types(architecture: Architecture) -> list[str]:
    """What `read_layer_types` reads."""
    numbers = range(architecture.layers)
    return ["full_attention" if architecture.window_of(n) is None else "sliding_attention" for n in numbers]


def read_attention_bias(values: Values) -> tuple[Bias, ...]:
    """Biases of attention: one key of the configuration stands for all of its projections."""
    return ("query_key_value", "attention_output") if values["attention_bias"] else ()


def read_rotary(values: Values) -> Rotary:
    """Rotary positions, as older (`rope_scaling`) or newer (`rope_parameters`) configurations state them."""
    stated = values.get("rope_scaling") or values.get("rope_parameters") or {}
    base = stated.get("rope_theta") or values.get("rope_theta") or 10_000.0  # the base of RoPE's paper
    kind = stated.get("rope_type") or stated.get("type") or "default"
    share = stated.get("partial_rotary_factor") or values.get("partial_rotary_factor") or 1.0
    if share != 1.0:
        raise ValueError(f"partial_rotary_factor is {share!r}, but this network rotates whole heads only")
    if kind == "default":
        return Rotary(base=base)
    if kind == "linear":
        return Rotary(base=base, scaling=LinearScaling(kind="linear", factor=stated["factor"]))
    if kind == "llama3":
        scaling = Llama3Scaling(
            kind="llama3",
            factor=stated["factor"],
            low=stated["low_freq_factor"],
            high=stated["high_freq_factor"],
            positions=stated.get("original_max_position_embeddings") or values["max_position_embeddings"],
        )
        return Rotary(base=base, scaling=scaling)
    if kind == "yarn":
        return Rotary(base=base, scaling=_read_yarn(stated, values))
    raise ValueError(f"rope_type is {kind!r}; known are default, linear, llama3 and yarn")


def _read_yarn(stated: Values, values: Values) -> YarnScaling:
    for key in ("mscale", "mscale_all_dim"):
        if stated.get(key):
            raise ValueError(f"{key} is {stated[key]!r}, but this network takes attention_factor only")
    if stated.get("truncate") is False:
        raise ValueError("truncate is False, but this network computes YaRN with rounded borders (truncate: true) only")
    # The three defaults are those of YaRN's paper (Peng et al., arXiv 2309.00071).
    return YarnScaling(
        kind="yarn",
        factor=stated["factor"],
        positions=stated.get("original_max_position_embeddings") or values["max_position_embeddings"],
        fast=stated.get("beta_fast") or 32.0,
        slow=stated.get("beta_slow") or 1.0,
        amplitude=stated.get("attention_factor") or 0.1 * math.log(stated["factor"]) + 1.0,
    )


def write_rotary(architecture: Architecture) -> dict[str, Any]:
    """The keys that `read_rotary` reads, in the older form, which all versions of `transformers` understand."""
    rotary = architecture.rotary
    if rotary is None:
        return {}
    scaling: dict[str, Any] | None = None
    match rotary.scaling:
        case LinearScaling(factor=factor):
            scaling = {"rope_type": "linear", "factor": factor}
        case Llama3Scaling() as llama3:
            scaling = {
                "rope_type": "llama3",
                "factor": llama3.factor,
                "low_freq_factor": llama3.low,
                "high_freq_factor": llama3.high,
                "original_max_position_embeddings": llama3.positions,
            }
        case YarnScaling() as yarn:
            scaling = {
                "rope_type": "yarn",
                "factor": yarn.factor,
                "original_max_position_embeddings": yarn.positions,
                "beta_fast": yarn.fast,
                "beta_slow": yarn.slow,
                "attention_factor": yarn.amplitude,
            }
    return {"rope_theta": rotary.base, "rope_scaling": scaling}

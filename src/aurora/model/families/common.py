"""What the families since Llama share: names of tensors, keys of the configuration, biases and windows.

One decision: a family's file states what is its own alone; `later_family` adds the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aurora.model.families.family import Family, Values
from aurora.model.families.positions import PLAIN, Positions
from aurora.recipe.model import Architecture, Bias, Window

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
# The biases that a key of the configuration stands for; which of these keys a family has, its defaults say.
BIASES: dict[str, tuple[Bias, ...]] = {
    "attention_bias": ("query_key_value", "attention_output"),
    "mlp_bias": ("mlp",),
}


def later_family(
    name: str,
    network: str,
    defaults: Values,
    *,
    names: Mapping[str, str] = NAMES,
    keys: Mapping[str, str] = KEYS,
    fixed: Values | None = None,
    needed: Values | None = None,
    positions: Positions = PLAIN,
    read: Callable[[Values], dict[str, Any]] = lambda values: {},
    write: Callable[[Architecture], dict[str, Any]] = lambda architecture: {},
    constants: Mapping[str, float] | None = None,
) -> Family:
    """A family like Llama but for what is given; `read` and `write` translate what no other family has."""
    read_positions, write_positions = positions
    stated = [key for key in BIASES if key in defaults]

    def read_all(values: Values) -> dict[str, Any]:
        biases = {"biases": tuple(bias for key in stated if values[key] for bias in BIASES[key])} if stated else {}
        heads = values.get("num_key_value_heads") or values["num_attention_heads"]
        return {"rotary": read_positions(values), "key_value_heads": heads, **biases, **read(values)}

    def write_all(architecture: Architecture) -> dict[str, Any]:
        biases = {key: BIASES[key][0] in architecture.biases for key in stated}
        return {**write_positions(architecture), **biases, **write(architecture)}

    return Family(
        name=name,
        network=network,
        names=names,
        keys=keys,
        fixed={**FIXED, **(fixed or {})},
        defaults={**DEFAULTS, **defaults},
        needed={**NEEDED, **(needed or {})},
        read=read_all,
        write=write_all,
        buffers=BUFFERS,
        constants=constants or {},
    )


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


def write_window(architecture: Architecture) -> dict[str, Any]:
    """The keys of windows by layer."""
    window = architecture.window
    return {
        "sliding_window": None if window is None else window.tokens,
        "layer_types": write_layer_types(architecture),
    }


def read_optional_window(values: Values, otherwise: Sequence[int]) -> Window | None:
    """The window of the layers that are listed, or of `otherwise`, where the configuration says that it is used."""
    return read_window(values, read_layer_types(values, otherwise) if values["use_sliding_window"] else [])


def write_optional_window(architecture: Architecture) -> dict[str, Any]:
    """The keys that `read_optional_window` reads."""
    return {"use_sliding_window": architecture.window is not None, **write_window(architecture)}

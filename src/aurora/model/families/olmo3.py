"""OLMo 3: OLMo 2 with a window in three of four layers, whose rotary positions are not scaled."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from aurora.model.families import olmo2
from aurora.model.families.common import read_layer_types, read_rotary, read_window, write_layer_types, write_rotary
from aurora.model.families.family import Values
from aurora.recipe.model import Architecture

BASE = 500_000.0  # what `transformers` assumes where a configuration states none


def read(values: Values) -> dict[str, Any]:
    """Positions of both kinds of layers, windows, key/value heads and biases."""
    by_kind = values.get("rope_parameters") or {}
    whole, windowed = by_kind.get("full_attention") or {}, by_kind.get("sliding_attention") or {}
    if (kind := windowed.get("rope_type", "default")) != "default":
        raise ValueError(f"rope_type of layers with a window is {kind!r}, but this network computes 'default' only")
    base = whole.get("rope_theta") or values.get("rope_theta") or BASE
    scaling = {"rope_scaling": {**whole, **(values.get("rope_scaling") or {}), "rope_theta": base}}
    rotary = read_rotary({**values, **scaling})
    usual = [number for number in range(values["num_hidden_layers"]) if (number + 1) % 4]  # every fourth sees all
    return {
        **olmo2.read({**values, **scaling}),
        "rotary": rotary.model_copy(update={"windowed_base": windowed.get("rope_theta") or BASE}),
        "window": read_window(values, read_layer_types(values, usual)),
    }


def write(architecture: Architecture) -> dict[str, Any]:
    """The keys that `read` reads; positions by kind of layer, because older keys have room for one base only."""
    rotary, window, whole = architecture.rotary, architecture.window, write_rotary(architecture)
    return {
        "rope_parameters": {
            "full_attention": {
                "rope_type": "default",
                **(whole.get("rope_scaling") or {}),
                "rope_theta": whole.get("rope_theta"),
            },
            "sliding_attention": {
                "rope_type": "default",
                "rope_theta": None if rotary is None else rotary.windowed_base,
            },
        },
        "sliding_window": None if window is None else window.tokens,
        "layer_types": write_layer_types(architecture),
        "attention_bias": bool(architecture.biases),
    }


FAMILY = replace(
    olmo2.FAMILY,
    name="olmo3",
    network="Olmo3ForCausalLM",
    defaults={**olmo2.FAMILY.defaults, "sliding_window": 4096},
    read=read,
    write=write,
)

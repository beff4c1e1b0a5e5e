"""OLMo 3: OLMo 2 with a window in three of four layers, whose rotary positions are not scaled."""

from __future__ import annotations

from typing import Any

from aurora.model.families import olmo2
from aurora.model.families.common import later_family, read_layer_types, read_window, write_window
from aurora.model.families.family import Values
from aurora.model.families.positions import read_rotary_by_kind, write_rotary
from aurora.recipe.model import Architecture, Rotary

BASE = 500_000.0  # what `transformers` assumes where a configuration states none


def read_positions(values: Values) -> Rotary:
    """Positions of both kinds of layers."""
    return read_rotary_by_kind(values, BASE, BASE)


def write_positions(architecture: Architecture) -> dict[str, Any]:
    """The keys that `read_positions` reads, by kind of layer, because older keys have room for one base only."""
    rotary, whole = architecture.rotary, write_rotary(architecture)
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
        }
    }


def read(values: Values) -> dict[str, Any]:
    """The windows, which every fourth layer is without."""
    usual = [number for number in range(values["num_hidden_layers"]) if (number + 1) % 4]
    return {"window": read_window(values, read_layer_types(values, usual))}


FAMILY = later_family(
    "olmo3",
    "Olmo3ForCausalLM",
    defaults={**olmo2.DEFAULTS, "sliding_window": 4096},
    positions=(read_positions, write_positions),
    read=read,
    write=write_window,
    **olmo2.SHARED,
)

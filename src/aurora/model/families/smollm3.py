"""SmolLM3: Llama with every fourth layer without positions."""

from __future__ import annotations

from typing import Any

from aurora.model.families.common import later_family, read_optional_window, write_optional_window
from aurora.model.families.family import Values
from aurora.model.families.positions import read_rotary, write_rotary
from aurora.recipe.model import Architecture, Rotary


def _without(values: Values) -> tuple[int, ...]:
    """The layers without positions."""
    layers, interval = values["num_hidden_layers"], values["no_rope_layer_interval"]
    has_positions = values.get("no_rope_layers") or [(number + 1) % interval for number in range(layers)]
    return tuple(number for number, rotated in enumerate(has_positions) if not rotated)


def read_positions(values: Values) -> Rotary:
    """Positions, and the layers without them."""
    return read_rotary(values).model_copy(update={"without": _without(values)})


def write_positions(architecture: Architecture) -> dict[str, Any]:
    """The keys that `read_positions` reads."""
    rotated = [int(architecture.rotary_of(number) is not None) for number in range(architecture.layers)]
    return {**write_rotary(architecture), "no_rope_layers": rotated}


def read(values: Values) -> dict[str, Any]:
    """The window, where it is used, of the layers without positions."""
    return {"window": read_optional_window(values, _without(values))}


FAMILY = later_family(
    "smollm3",
    "SmolLM3ForCausalLM",
    defaults={
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
    positions=(read_positions, write_positions),
    read=read,
    write=write_optional_window,
)

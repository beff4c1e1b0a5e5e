"""How configurations state rotary positions: older and newer ones, with one base or a base for each kind of layer."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from aurora.model.families.family import Values
from aurora.recipe.model import Architecture, LinearScaling, Llama3Scaling, Rotary, YarnScaling

# What reads the keys of positions, and what writes them.
Positions = tuple[Callable[[Values], Rotary], Callable[[Architecture], dict[str, Any]]]


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


def read_rotary_by_kind(values: Values, base: float, windowed_base: float) -> Rotary:
    """Positions where layers with a window have a base of their own and no scaling; the bases are those of
    `transformers`, for a configuration that states none."""
    by_kind = values.get("rope_parameters") or {}
    whole, windowed = by_kind.get("full_attention") or {}, by_kind.get("sliding_attention") or {}
    if (kind := windowed.get("rope_type", "default")) != "default":
        raise ValueError(f"rope_type of layers with a window is {kind!r}, but this network computes 'default' only")
    base = whole.get("rope_theta") or values.get("rope_theta") or base
    scaling = {"rope_scaling": {**whole, **(values.get("rope_scaling") or {}), "rope_theta": base}}
    windowed_base = windowed.get("rope_theta") or windowed_base
    return read_rotary({**values, **scaling}).model_copy(update={"windowed_base": windowed_base})


PLAIN: Positions = (read_rotary, write_rotary)

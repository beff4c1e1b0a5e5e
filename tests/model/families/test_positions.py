"""How a configuration states positions: read from either form, and written as it was read."""

from __future__ import annotations

from typing import Any

import pytest

from aurora.model.families.positions import read_rotary, read_rotary_by_kind, write_rotary
from aurora.recipe.model import Architecture, LinearScaling, Llama3Scaling, Rotary, YarnScaling

LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
YARN = {"rope_type": "yarn", "factor": 4.0}


def architecture(**changes: Any) -> Architecture:
    return Architecture.model_validate({"layers": 4, "width": 32, "heads": 4, "positions": 64, **changes})


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({}, Rotary(base=10_000.0)),
        ({"rope_theta": 5e5}, Rotary(base=5e5)),
        ({"rope_scaling": None, "rope_theta": 5e5}, Rotary(base=5e5)),
        ({"rope_parameters": {"rope_type": "default", "rope_theta": 7e5}, "rope_theta": 5e5}, Rotary(base=7e5)),
        (
            {"rope_scaling": {"type": "linear", "factor": 2.0}},  # the name of older configurations
            Rotary(scaling=LinearScaling(kind="linear", factor=2.0)),
        ),
        (
            {"rope_scaling": LLAMA3, "max_position_embeddings": 128},
            Rotary(scaling=Llama3Scaling(kind="llama3", factor=8.0, low=1.0, high=4.0, positions=128)),
        ),
        (
            {"rope_scaling": LLAMA3 | {"original_max_position_embeddings": 64}, "max_position_embeddings": 128},
            Rotary(scaling=Llama3Scaling(kind="llama3", factor=8.0, low=1.0, high=4.0, positions=64)),
        ),
        (
            {"rope_scaling": YARN | {"attention_factor": 1.5, "beta_fast": 16.0}, "max_position_embeddings": 64},
            Rotary(scaling=YarnScaling(kind="yarn", factor=4.0, positions=64, fast=16.0, slow=1.0, amplitude=1.5)),
        ),
    ],
)
def test_positions_are_read_from_older_and_newer_configurations(values: dict[str, Any], found: Rotary) -> None:
    assert read_rotary(values) == found
    written = write_rotary(architecture(family="llama", rotary=found))
    assert read_rotary(written | {"max_position_embeddings": 64}) == found


def test_the_amplitude_of_yarn_follows_from_its_factor() -> None:
    scaling = read_rotary({"rope_scaling": YARN, "max_position_embeddings": 64}).scaling
    assert isinstance(scaling, YarnScaling)
    assert scaling.amplitude == pytest.approx(1.138629436)  # 0.1 ln 4 + 1, of YaRN's paper


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ({"rope_type": "dynamic"}, "rope_type is 'dynamic'; known are default, linear, llama3 and yarn"),
        ({"partial_rotary_factor": 0.25}, r"partial_rotary_factor is 0\.25, but this network rotates whole heads"),
        (YARN | {"mscale": 0.7}, r"mscale is 0\.7"),
        (YARN | {"truncate": False}, "truncate is False"),
    ],
)
def test_positions_that_we_would_compute_otherwise_are_refused(stated: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_rotary({"rope_scaling": stated, "max_position_embeddings": 64})


def test_positions_without_rotation_are_not_written() -> None:
    assert write_rotary(architecture(rotary=None)) == {}


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({}, Rotary(base=3e5, windowed_base=2e4)),
        ({"rope_theta": 7e5}, Rotary(base=7e5, windowed_base=2e4)),
        (
            {"rope_parameters": {"full_attention": {"rope_theta": 7e5}, "sliding_attention": {"rope_theta": 900.0}}},
            Rotary(base=7e5, windowed_base=900.0),
        ),
        (
            {"rope_parameters": {"full_attention": {"rope_type": "linear", "factor": 2.0}}},
            Rotary(base=3e5, windowed_base=2e4, scaling=LinearScaling(kind="linear", factor=2.0)),
        ),
    ],
)
def test_layers_with_a_window_have_a_base_of_their_own(values: dict[str, Any], found: Rotary) -> None:
    assert read_rotary_by_kind(values, 3e5, 2e4) == found


def test_scaled_positions_of_layers_with_a_window_are_refused() -> None:
    stated = {"rope_parameters": {"sliding_attention": {"rope_type": "yarn"}}}
    with pytest.raises(ValueError, match="rope_type of layers with a window is 'yarn', but this network computes"):
        read_rotary_by_kind(stated, 3e5, 2e4)

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from aurora.model.layers.rotary import frequencies, turned, turns_at
from aurora.recipe.model import LinearScaling, Llama3Scaling, Rotary, YarnScaling

WIDTH = 16
PLAIN = Rotary()
QUERY, KEY = torch.randn(2, 1, 1, 3, WIDTH, generator=torch.Generator().manual_seed(1))


def at(heads: torch.Tensor, position: int, rotary: Rotary = PLAIN) -> torch.Tensor:
    return turned(heads, turns_at(torch.tensor([position]), rotary, WIDTH, torch.float32))


@given(st.integers(0, 500), st.integers(0, 500))
def test_what_a_query_sees_of_a_key_depends_on_their_distance_alone(position: int, distance: int) -> None:
    near, far = ((at(QUERY, start + distance) * at(KEY, start)).sum(-1) for start in (0, position))
    torch.testing.assert_close(far, near, atol=2e-3, rtol=1e-3)
    torch.testing.assert_close(at(QUERY, position).norm(dim=-1), QUERY.norm(dim=-1))


def test_the_first_position_turns_nothing_and_halves_turn_against_each_other() -> None:
    assert torch.equal(at(QUERY, 0), QUERY)
    first = torch.zeros(1, 1, 1, WIDTH)
    first[..., 0] = 1
    expected = torch.zeros(1, 1, 1, WIDTH)
    expected[..., 0], expected[..., WIDTH // 2] = math.cos(1), math.sin(1)
    torch.testing.assert_close(at(first, 1), expected)


def test_rows_may_have_positions_of_their_own() -> None:
    cosines, sines = turns_at(torch.tensor([[3, 4], [9, 0]]), PLAIN, WIDTH, torch.float32)
    assert cosines.shape == sines.shape == (2, 2, 1, WIDTH // 2)
    one, _ = turns_at(torch.tensor([9]), PLAIN, WIDTH, torch.float32)
    assert torch.equal(cosines[1, 0], one[0])


def test_angles_are_of_fp32_whatever_the_network_computes_in() -> None:
    exact, rounded = (
        turns_at(torch.tensor([8191]), PLAIN, WIDTH, dtype)[0] for dtype in (torch.float32, torch.bfloat16)
    )
    assert torch.equal(rounded, exact.bfloat16())


def test_frequencies_fall_from_one_by_the_base_and_are_computed_off_the_meta_device() -> None:
    frequencies.cache_clear()
    with torch.device("meta"):
        found = frequencies(PLAIN, 4)
    torch.testing.assert_close(found, torch.tensor([1.0, 0.01]))


def test_linear_scaling_brings_positions_closer_together() -> None:
    scaled = Rotary(scaling=LinearScaling(kind="linear", factor=4))
    torch.testing.assert_close(at(QUERY, 40, scaled), at(QUERY, 10))


def test_llama3_slows_long_waves_and_leaves_short_ones() -> None:
    scaling = Llama3Scaling(kind="llama3", factor=8, low=1, high=4, positions=64)
    plain, found = frequencies(PLAIN, 64), frequencies(Rotary(scaling=scaling), 64)
    waves = 2 * math.pi / plain
    short, long = waves < 16, waves > 64
    assert short.any()
    assert long.any()
    assert torch.equal(found[short], plain[short])
    torch.testing.assert_close(found[long], plain[long] / 8)
    between = ~(short | long)
    assert bool(((found < plain) & (found > plain / 8))[between].all())
    assert bool((found[1:] < found[:-1]).all())


@pytest.mark.parametrize("amplitude", [1.0, 1.25])
def test_yarn_stretches_slow_waves_and_sharpens_attention(amplitude: float) -> None:
    scaling = YarnScaling(kind="yarn", factor=8, positions=4096, amplitude=amplitude)
    rotary = Rotary(scaling=scaling)
    plain, found = frequencies(PLAIN, 64), frequencies(rotary, 64)
    assert found[0] == plain[0]
    torch.testing.assert_close(found[-1], plain[-1] / 8)
    share = plain / found
    assert bool((share[1:] >= share[:-1] - 1e-6).all())
    torch.testing.assert_close(at(QUERY, 7, rotary).norm(dim=-1), amplitude * QUERY.norm(dim=-1))

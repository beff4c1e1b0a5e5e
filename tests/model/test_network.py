from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from aurora.errors import UserError
from aurora.model.layers.causal_attention import KeyValueCache
from aurora.model.network import Network
from aurora.recipe.model import Architecture

Build = Callable[..., Network]


def random_tokens(*shape: int) -> torch.Tensor:
    return torch.randint(320, shape, generator=torch.Generator().manual_seed(5))


@pytest.mark.parametrize(
    ("layers", "width", "heads", "inner", "positions", "num_parameters"),
    [
        (20, 768, 12, 3072, 8192, 164_144_128),
        (24, 2048, 16, 8192, 8192, 1_137_207_296),
        (36, 2816, 22, 11264, 8192, 3_043_311_104),
        (42, 4096, 32, 16384, 8192, 7_327_263_232),
        (40, 6144, 48, 24576, 8192, 15_517_456_384),
        (40, 6144, 48, 24576, 2048, 15_479_707_648),
    ],
)
def test_the_familys_sizes_are_exact(
    layers: int, width: int, heads: int, inner: int, positions: int, num_parameters: int
) -> None:
    architecture = Architecture(layers=layers, width=width, heads=heads, inner=inner, positions=positions)
    with torch.device("meta"):
        model = Network(architecture, 49152)
    assert model.num_parameters == num_parameters
    assert all(parameter.is_meta for parameter in model.parameters())


def test_new_weights_follow_the_recipe_and_the_generator_alone() -> None:
    architecture = Architecture(layers=8, width=64, heads=4, positions=64, initializer_range=0.05)
    first, second = Network(architecture, 500), Network(architecture, 500)
    state = torch.get_rng_state()
    first.initialise(torch.Generator().manual_seed(1))
    torch.manual_seed(77)
    second.initialise(torch.Generator().manual_seed(1))
    weights = {name: parameter.detach() for name, parameter in first.named.items()}
    assert all(torch.equal(weights[name], value) for name, value in second.named.items())
    second.initialise(torch.Generator().manual_seed(2))
    assert not torch.equal(weights["transformer.wte.weight"], second.named["transformer.wte.weight"])
    torch.set_rng_state(state)
    assert weights["transformer.wte.weight"].std() == pytest.approx(0.05, rel=0.03)
    assert weights["transformer.h.0.mlp.c_fc.weight"].std() == pytest.approx(0.05, rel=0.03)
    for name in ("attn", "mlp"):
        assert weights[f"transformer.h.3.{name}.c_proj.weight"].std() == pytest.approx(0.05 / 4, rel=0.03)
    assert not weights["transformer.h.2.attn.c_attn.bias"].any()
    assert weights["transformer.ln_f.weight"].eq(1).all()


def test_weights_do_not_depend_on_the_blocks_that_a_rank_holds() -> None:
    whole, part = (
        Network(Architecture(layers=3, width=32, heads=4, positions=16), 50),
        Network(Architecture(layers=3, width=32, heads=4, positions=16), 50),
    )
    del part.blocks["0"], part.blocks["2"]
    for model in (whole, part):
        model.initialise(torch.Generator().manual_seed(1))
    rest = part.named
    assert "transformer.h.1.ln_1.weight" in rest
    assert "transformer.h.0.ln_1.weight" not in rest
    assert all(torch.equal(whole.named[name], value) for name, value in rest.items())


def test_building_a_network_draws_no_random_numbers() -> None:
    before = torch.get_rng_state()
    Network(Architecture(layers=1, width=32, heads=4, positions=16), 50)
    assert torch.equal(before, torch.get_rng_state())


def test_loss_is_the_mean_of_the_counted_token_losses(build: Build) -> None:
    model = build()
    tokens = random_tokens(3, 41)
    losses = model.token_losses(tokens[:, :-1], tokens[:, 1:])
    assert losses.shape == (3, 40)
    torch.testing.assert_close(model.loss(tokens[:, :-1], tokens[:, 1:]), losses.mean())
    mask = torch.rand(3, 40, generator=torch.Generator().manual_seed(1)) < 0.3
    torch.testing.assert_close(model.loss(tokens[:, :-1], tokens[:, 1:], mask), losses[mask].mean())
    torch.testing.assert_close(
        model.loss(tokens[:, :-1], tokens[:, 1:], mask, reduction="sum"), losses[mask].sum(), rtol=1e-5, atol=1e-4
    )
    logits = model(tokens[:, :-1])
    expected = -torch.log_softmax(logits, -1).gather(-1, tokens[:, 1:, None])[..., 0]
    torch.testing.assert_close(losses, expected, atol=1e-4, rtol=1e-5)


@pytest.mark.parametrize(("bound", "value"), [("EVALUATION_ROWS", 7), ("EVALUATION_LOGITS", 1000)])
def test_token_losses_do_not_depend_on_how_many_rows_are_computed_at_a_time(
    build: Build, monkeypatch: pytest.MonkeyPatch, bound: str, value: int
) -> None:
    model, tokens = build(), random_tokens(3, 41)
    whole = model.token_losses(tokens[:, :-1], tokens[:, 1:])
    monkeypatch.setattr(f"aurora.model.network.{bound}", value)
    torch.testing.assert_close(model.token_losses(tokens[:, :-1], tokens[:, 1:]), whole)


def test_a_batch_without_counted_targets_has_no_loss(build: Build) -> None:
    model, tokens = build(), random_tokens(2, 9)
    loss = model.loss(tokens[:, :-1], tokens[:, 1:], torch.zeros(2, 8, dtype=torch.bool))
    loss.backward()  # type: ignore[no-untyped-call]
    assert loss == 0
    assert all(parameter.grad is None or not parameter.grad.any() for parameter in model.parameters())


def test_bf16_stays_near_fp32(build: Build) -> None:
    tokens = random_tokens(2, 41)
    exact = build(initializer_range=0.05)
    rounded = build(initializer_range=0.05).to(torch.bfloat16)
    assert rounded(tokens).dtype == torch.bfloat16
    loss = rounded.loss(tokens[:, :-1], tokens[:, 1:])
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(exact.loss(tokens[:, :-1], tokens[:, 1:]).item(), rel=0.01)


def test_dropout_acts_in_training_only(build: Build) -> None:
    model, tokens = build(dropout=0.5), random_tokens(1, 20)
    torch.manual_seed(0)
    assert not torch.equal(model(tokens), model(tokens))
    model.eval()
    assert torch.equal(model(tokens), model(tokens))
    torch.testing.assert_close(model(tokens), build().eval()(tokens))


@pytest.mark.parametrize("key_value_heads", [1, 4])
def test_the_cache_changes_nothing(build: Build, key_value_heads: int) -> None:
    model, tokens = build(key_value_heads=key_value_heads), random_tokens(2, 30)
    cache = KeyValueCache(model.architecture, 2, 30, torch.device("cpu"), torch.float32)
    with torch.no_grad():
        parts = [model(tokens[:, :20], cache=cache)]
        for start, end in ((20, 21), (21, 25), (25, 30)):
            positions = torch.arange(start, end).expand(2, -1)
            parts.append(model(tokens[:, start:end], positions, cache))
        torch.testing.assert_close(torch.cat(parts, 1), model(tokens), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("keywords", [{}, {"positions": torch.tensor([[3, 96]])}])
def test_a_sequence_beyond_the_positions_is_refused(build: Build, keywords: dict[str, Any]) -> None:
    tokens = random_tokens(1, 2 if keywords else 97)
    with pytest.raises(UserError, match="97 tokens is longer than the model's 96 positions"):
        build()(tokens, **keywords)

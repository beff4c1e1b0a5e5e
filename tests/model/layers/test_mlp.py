from __future__ import annotations

import math
from typing import Any, get_args

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aurora.model.layers.mlp import ACTIVATIONS, MLP, XIELU
from aurora.model.tensors import XIELU_ALPHA, XIELU_BETA
from aurora.recipe.model import Activation, Architecture

HIDDEN = torch.randn(2, 5, 8, generator=torch.Generator().manual_seed(1))


def mlp(**changes: Any) -> MLP:
    torch.manual_seed(2)
    return MLP(Architecture.model_validate({"layers": 1, "width": 8, "heads": 2, "positions": 4, **changes}))


def xielu() -> XIELU:
    """With the alphas of a new network."""
    made = XIELU()
    made.alpha_p = nn.Parameter(torch.tensor([math.log(math.expm1(XIELU_ALPHA))]))
    made.alpha_n = nn.Parameter(torch.tensor([math.log(math.expm1(XIELU_ALPHA - XIELU_BETA))]))
    return made


def test_every_activation_that_a_recipe_can_name_is_there() -> None:
    assert {*ACTIVATIONS, "xielu"} == set(get_args(Activation))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_gate_multiplies_what_goes_up(activation: Activation) -> None:
    plain, gated = mlp(activation=activation), mlp(activation=activation, gated=True)
    act = ACTIVATIONS[activation]
    torch.testing.assert_close(plain(HIDDEN), plain.down(act(plain.up(HIDDEN))))
    assert gated.gate is not None
    torch.testing.assert_close(gated(HIDDEN), gated.down(act(gated.gate(HIDDEN)) * gated.up(HIDDEN)))


def test_biases_are_where_the_architecture_has_them() -> None:
    assert {name for name, _ in mlp(gated=True).named_parameters()} == {
        f"{layer}.{kind}" for layer in ("gate", "up", "down") for kind in ("weight", "bias")
    }
    assert {name for name, _ in mlp(biases=["attention_output"]).named_parameters()} == {"up.weight", "down.weight"}


def test_dropout_is_for_training_alone() -> None:
    layer = mlp(dropout=0.5)
    assert not torch.equal(layer(HIDDEN), layer(HIDDEN))
    layer.eval()
    torch.testing.assert_close(layer(HIDDEN), mlp().eval()(HIDDEN))


def test_what_enters_is_brought_together_once() -> None:
    seen: list[Tensor] = []
    layer = mlp(gated=True)
    layer.enter = lambda hidden: seen.append(hidden) or hidden * 2  # type: ignore[func-returns-value]
    torch.testing.assert_close(layer(HIDDEN), mlp(gated=True)(HIDDEN * 2))
    assert len(seen) == 1


def test_xielu_is_quadratic_above_zero_and_exponential_below() -> None:
    activation, inner = xielu(), torch.tensor([-30.0, -1.0, 0.0, 1.0, 3.0])
    below = [XIELU_ALPHA * (math.expm1(x) - x) + XIELU_BETA * x for x in (-30.0, -1.0)]
    above = [XIELU_ALPHA * x * x + XIELU_BETA * x for x in (0.0, 1.0, 3.0)]
    torch.testing.assert_close(activation(inner), torch.tensor([*below, *above]))


def test_xielu_has_one_slope_on_both_sides_of_zero_and_learns_from_both() -> None:
    activation = xielu()
    inner = torch.tensor([-1e-4, 1e-4], requires_grad=True)
    (slopes,) = torch.autograd.grad(activation(inner).sum(), inner)
    torch.testing.assert_close(slopes, torch.full((2,), XIELU_BETA), atol=1e-3, rtol=0)
    activation(torch.tensor([-2.0, 2.0])).sum().backward()
    assert activation.alpha_p.grad
    assert activation.alpha_n.grad
    assert F.softplus(activation.alpha_p).item() == pytest.approx(XIELU_ALPHA)

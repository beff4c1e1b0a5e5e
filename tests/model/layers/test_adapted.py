"""A linear layer with an adapter beside it: the sum of both, in whatever block."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from aurora.model.adapters.description import Adapters
from aurora.model.layers.adapted import Adapted, adapt


def adapters(**changes: object) -> Adapters:
    return Adapters.model_validate({"rank": 2, "alpha": 6.0, "dropout": 0.0, "modules": ("mlp.up",)} | changes)


@pytest.mark.parametrize("bias", [True, False])
def test_the_product_of_both_matrices_is_added(bias: bool) -> None:
    layer, hidden = Adapted(nn.Linear(5, 3, bias=bias), adapters()), torch.randn(2, 4, 5)
    expected = layer.base(hidden) + 3.0 * hidden @ (layer.up.weight @ layer.down.weight).T
    torch.testing.assert_close(layer(hidden), expected)
    with torch.no_grad():
        layer.up.weight.zero_()
    assert torch.equal(layer(hidden), layer.base(hidden))


def test_dropout_is_of_training_and_of_the_adapter_alone() -> None:
    layer, hidden = Adapted(nn.Linear(5, 3), adapters(dropout=0.5)), torch.ones(64, 5)
    assert len(layer(hidden).unique(dim=0)) > 1
    layer.eval()
    torch.testing.assert_close(layer(hidden), layer(hidden[:1]).expand(64, 3))
    with torch.no_grad():
        layer.train()
        layer.up.weight.zero_()
    assert torch.equal(layer(hidden), layer.base(hidden))


def test_the_layers_that_are_named_have_one_each() -> None:
    block = nn.ModuleDict({"mlp": nn.ModuleDict({"up": nn.Linear(4, 8), "down": nn.Linear(8, 4)})})
    base = block.get_submodule("mlp.up")
    adapt(block, adapters())
    found = block.get_submodule("mlp.up")
    assert isinstance(found, Adapted)
    assert found.base is base
    assert (found.down.weight.shape, found.up.weight.shape) == ((2, 4), (8, 2))
    assert isinstance(block.get_submodule("mlp.down"), nn.Linear)

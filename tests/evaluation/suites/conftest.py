"""A small network over bytes of a text."""

from __future__ import annotations

import pytest
import torch

from aurora.model.network import Network
from aurora.recipe.model import Architecture


@pytest.fixture
def network() -> Network:
    model = Network(Architecture(layers=2, width=32, heads=4, positions=48, initializer_range=0.3), 257)
    model.initialise(torch.Generator().manual_seed(3))
    return model.eval()

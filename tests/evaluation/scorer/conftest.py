"""Small networks over bytes of a text, of every kind of attention there is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from aurora.evaluation.scorer.tree import Row
from aurora.model.network import Network
from aurora.recipe.model import Architecture

Build = Callable[..., Network]
# Heads that share keys, rotary positions, and layers that see a window only.
KINDS: dict[str, dict[str, Any]] = {
    "multi-query": {},
    "grouped-rotary": {"key_value_heads": 2, "rotary": {"base": 500.0}, "family": "llama", "norm": "rms"},
    "window": {
        "key_value_heads": 4, "rotary": {"base": 500.0}, "window": {"tokens": 7, "layers": [0]}, "family": "mistral",
        "norm": "rms",
    },
}  # fmt: skip


@pytest.fixture
def build() -> Build:
    def make(kind: str = "multi-query", **changes: Any) -> Network:
        shape = {
            "layers": 2,
            "width": 32,
            "heads": 4,
            "positions": 96,
            "initializer_range": 0.3,
            **KINDS[kind],
            **changes,
        }
        model = Network(Architecture.model_validate(shape), 257)
        model.initialise(torch.Generator().manual_seed(3))
        return model.eval()

    return make


@pytest.fixture
def network(build: Build) -> Network:
    return build()


@pytest.fixture
def rows() -> list[Row]:
    """Rows of some lengths that begin alike, as examples, questions and choices do."""
    generator = torch.Generator().manual_seed(5)

    def drawn(length: int) -> tuple[int, ...]:
        return tuple(torch.randint(1, 257, (length,), generator=generator).tolist())

    examples, found = drawn(19), list[Row]()
    while len(found) < 23:
        question = (*examples, *drawn(11)) if len(found) % 3 else drawn(9)
        for length in (1, 4, 13):
            found.append(Row((*question, *drawn(length)), len(question)))
    return found

"""A small network with a byte-level tokenizer that has merges, as a user's checkpoint."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

import small_tokenizers
from aurora.evaluation.self_test.lab import Lab
from aurora.model.network import Network
from aurora.recipe.model import Architecture
from byte_text import of_bytes


@pytest.fixture
def make() -> Callable[..., Lab]:
    def lab(kind: str = "gpt-2", **changes: Any) -> Lab:
        text = replace(of_bytes(), tokenizer=small_tokenizers.byte_level(kind))
        shape = {"layers": 2, "width": 32, "heads": 4, "positions": 96, "initializer_range": 0.3, **changes}
        model = Network(Architecture.model_validate(shape), text.vocabulary)
        model.initialise(torch.Generator().manual_seed(3))
        return Lab(model, text)

    return lab


@pytest.fixture
def lab(make: Callable[..., Lab]) -> Lab:
    return make()

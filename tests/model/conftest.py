"""Small networks and a small byte-level tokenizer, made afresh."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from aurora.model.network import Network
from aurora.recipe.model import Architecture

VOCABULARY = 320
TEXT = ["Hyvää huomenta, maailma. def main(): return 42", "नमस्ते दुनिया", "こんにちは世界", "Xin chào thế giới"]

Build = Callable[..., Network]


@pytest.fixture
def build() -> Build:
    """A function that makes a small network with weights large enough for every layer to matter."""

    def make(**changes: Any) -> Network:
        shape = {"layers": 2, "width": 32, "heads": 4, "positions": 96, "initializer_range": 0.3, **changes}
        model = Network(Architecture.model_validate(shape), VOCABULARY)
        model.initialise(torch.Generator().manual_seed(3))
        generator = torch.Generator().manual_seed(4)
        with torch.no_grad():
            for parameter in model.parameters():  # biases and norms too must not be what any network starts with
                parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.05)
        return model

    return make


@pytest.fixture
def tokenizer_file(tmp_path: Path) -> Path:
    """A trained byte-level BPE with end-of-text as id 0 and digits split singly."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=["<|endoftext|>", "<fim_prefix>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXT, trainer)
    path = tmp_path / "made" / "tokenizer.json"
    path.parent.mkdir()
    tokenizer.save(str(path))
    return path

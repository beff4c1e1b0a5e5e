"""A checkpoint folder whose tokens are bytes, for the tests of what is made of checkpoints."""

from __future__ import annotations

from pathlib import Path

import torch

from aurora.model.folder import save_model
from aurora.model.network import Network
from aurora.recipe.model import Architecture
from byte_text import of_bytes

SETTINGS = '{"eos_token": "a", "bos_token": "a", "chat_template": "{{ messages[0].content }}|"}'


def write_checkpoint(folder: Path, seed: int = 1) -> Path:
    """Write one with random weights; returns its folder."""
    shape = {"layers": 1, "width": 16, "heads": 2, "positions": 48, "initializer_range": 0.3}
    network = Network(Architecture.model_validate(shape), 257)
    network.initialise(torch.Generator().manual_seed(seed))
    made = folder.with_name(f"{folder.name}-tokenizer")
    made.mkdir()
    of_bytes().tokenizer.save(str(made / "tokenizer.json"))
    (made / "tokenizer_config.json").write_text(SETTINGS)
    save_model(network, folder, made / "tokenizer.json")
    return folder

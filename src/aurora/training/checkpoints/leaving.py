"""The model that a stage leaves.

One decision: whatever part of the weights was trained, it is a whole model of the plain network, from which every
other stage, measurement and export starts; adapters lie beside it, and are in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from aurora.model.adapters.description import AdaptedArchitecture
from aurora.model.adapters.merging import FOLDER, Merged, write_adapters
from aurora.model.folder import write_model
from aurora.recipe.model import Architecture


def leave_model(
    folder: Path,
    tensors: Mapping[str, Tensor],
    architecture: Architecture,
    vocabulary: int,
    tokenizer_file: Path,
    forms: Mapping[str, Tensor] | None = None,
) -> None:
    """Write the trained `tensors` of a network, by name, as a model folder; `forms` as in `write_weights`."""
    if isinstance(architecture, AdaptedArchitecture):
        write_adapters(folder / FOLDER, tensors, architecture, vocabulary)
        merged = Merged(tensors, architecture, vocabulary)
        tensors, forms, architecture = merged, merged.forms, architecture.plain
    write_model(folder, tensors, architecture, vocabulary, tokenizer_file, forms=forms)

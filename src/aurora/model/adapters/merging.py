"""Adapters added to the matrices they stand beside, and written in peft's layout.

One decision: what a stage with adapters leaves is a whole model like any other's, made a tensor at a time, and beside
it the adapters alone, which `peft` loads onto the model that the stage started from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from torch import Tensor

from aurora.files import write_json
from aurora.model.adapters.description import AdaptedArchitecture, adapter_names, linear_modules
from aurora.model.tensors import tensor_table
from aurora.model.weights import write_weights

FOLDER = "adapter"  # in a stage's folder, and in what is exported
CONFIG, TENSORS = "adapter_config.json", "adapter_model.safetensors"


class Merged(Mapping[str, Tensor]):
    """The tensors of the plain network, each with what its adapter in `tensors` adds; `forms` are those of them all."""

    def __init__(self, tensors: Mapping[str, Tensor], architecture: AdaptedArchitecture, vocabulary: int) -> None:
        self._tensors = tensors
        self._scale = architecture.adapters.scale
        self.forms = {
            name: torch.empty(spec.shape, device="meta")
            for name, spec in tensor_table(architecture.plain, vocabulary).items()
        }

    def __getitem__(self, name: str) -> Tensor:
        """The sum, in the type of the matrix, made in fp32."""
        tensor = self._tensors[name]
        down, up = adapter_names(name)
        if down not in self._tensors:
            return tensor
        added = (self._tensors[up].float() @ self._tensors[down].float()) * self._scale
        return (tensor.float() + added).to(tensor.dtype)

    def __iter__(self) -> Iterator[str]:
        return iter(self.forms)

    def __len__(self) -> int:
        return len(self.forms)


def write_adapters(
    folder: Path, tensors: Mapping[str, Tensor], architecture: AdaptedArchitecture, vocabulary: int
) -> None:
    """Write the adapters among `tensors` into `folder`, which need not exist, as `peft` reads them."""
    table = tensor_table(architecture, vocabulary)
    folder.mkdir(exist_ok=True)
    own = {name: tensors[name] for name, spec in table.items() if spec.adapter}
    write_weights(folder / TENSORS, own)
    adapters, theirs = architecture.adapters, linear_modules(architecture)
    write_json(
        folder / CONFIG,
        {
            "peft_type": "LORA",
            "task_type": "CAUSAL_LM",
            "base_model_name_or_path": None,
            "inference_mode": True,
            "bias": "none",
            "fan_in_fan_out": False,
            "r": adapters.rank,
            "lora_alpha": adapters.alpha,
            "lora_dropout": adapters.dropout,
            "target_modules": sorted(theirs[path] for path in adapters.modules),
        },
    )

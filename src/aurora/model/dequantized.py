"""The weights of a GGUF file, by the hub's names.

One decision: quantised weights become fp32, the type in which their format defines them; nothing trains or computes
with the integers.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from aurora.gguf.blocks import TYPES
from aurora.gguf.file import read_gguf
from aurora.gguf.network import hub_tensors


def read_gguf_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of the GGUF file `path` by the hub's names; those that are not quantised keep type and bytes."""
    tensors = {name: torch.from_numpy(values) for name, values in hub_tensors(read_gguf(path))}
    # numpy has no bfloat16, so the file's reader hands such tensors on as their 16 bits.
    return {
        name: tensor.view(torch.bfloat16) if tensor.dtype == torch.uint16 else tensor
        for name, tensor in tensors.items()
    }


def quantization(path: Path) -> dict[str, Any]:
    """The types of the tensors in the GGUF file `path`, most bytes first, and which of them are quantised."""
    quantized = {block.name for block in TYPES.values() if block.unpack is not None}
    types = read_gguf(path).types()
    return {"file": path.name, "types": types, "quantized": [name for name in types if name in quantized]}

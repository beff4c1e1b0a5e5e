"""Weights converted to another type.

One decision: each tensor is converted when it is written, so a model of any size needs the memory of one tensor.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from aurora.errors import UserError


class Converted(Mapping[str, Tensor]):
    """`tensors` as `dtype` (unchanged where it is None); `forms` are the same tensors on the meta device."""

    def __init__(self, tensors: Mapping[str, Tensor], dtype: torch.dtype | None) -> None:
        self._tensors, self._dtype = tensors, dtype
        self.forms = {
            name: torch.empty(tensor.shape, dtype=dtype or tensor.dtype, device="meta")
            for name, tensor in tensors.items()
        }

    def __getitem__(self, name: str) -> Tensor:
        """The tensor `name`; `UserError` where one of its values is too large for the type."""
        tensor = self._tensors[name]
        if self._dtype is None or tensor.dtype == self._dtype:
            return tensor
        converted = tensor.to(self._dtype)
        # A value beyond fp16's 65,504 becomes infinite without a warning, and the exported model would answer with NaN.
        if not torch.equal(converted.isfinite(), tensor.isfinite()):
            kind = str(self._dtype).removeprefix("torch.")
            largest = float(tensor[tensor.isfinite()].abs().max())
            raise UserError(
                f"{name} has a value of {largest:.3g}, which is too large for {kind}: export with --dtype bfloat16 or "
                "float32."
            )
        return converted

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors)

    def __len__(self) -> int:
        return len(self._tensors)

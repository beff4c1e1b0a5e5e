"""Attention within documents and windows on an accelerator, by PyTorch's kernel for sequences of many lengths.

One decision: all documents of a batch become one long row with borders, which the kernel takes as they are, so nothing
is computed or kept for pairs that do not see each other; a mask would hold T x T values a sequence and make the fused
kernels fall back to slower ones. The borders are found once for all layers: finding them waits for the device.

Shapes: as in `causal_attention`.
"""

from __future__ import annotations

from collections.abc import MutableMapping

import torch
from torch import Tensor
from torch.utils.weak import WeakTensorKeyDictionary

try:
    from torch.nn.attention.varlen import varlen_attn
except ImportError:  # before PyTorch 2.10, which benchmarks/accelerator.py may meet
    varlen_attn = None  # type: ignore[assignment]

HALF = (torch.bfloat16, torch.float16)
WIDEST = 256  # of a head, for the kernel
OLDEST = (8, 0)  # compute capability of the first devices that it runs on
_borders: MutableMapping[Tensor, tuple[Tensor, int]] = WeakTensorKeyDictionary()  # while a forward pass holds the key


def has_kernel(query: Tensor, dropout: float) -> bool:
    """Whether the kernel computes attention of these queries; otherwise a mask must do."""
    return (
        varlen_attn is not None
        and query.is_cuda
        and torch.version.hip is None
        and torch.cuda.get_device_capability(query.device) >= OLDEST
        and query.dtype in HALF
        and query.shape[-1] <= WIDEST
        and not dropout
    )


def attention_at_once(
    query: Tensor, key: Tensor, value: Tensor, documents: Tensor | None, window: int | None
) -> Tensor:
    """`causal_attention` where there is a kernel; without `documents` each sequence is one."""
    rows, length = query.shape[:2]
    if documents is None:
        borders, longest = torch.arange(0, rows * length + 1, length, dtype=torch.int32, device=query.device), length
    else:
        borders, longest = borders_of(documents)
    queries, keys, values = (part.flatten(0, 1).contiguous() for part in (query, key, value))
    mixed = varlen_attn(
        queries,
        keys,
        values,
        borders,
        borders,
        longest,
        longest,
        # To the left and right of a position; -1 is everything.
        window_size=(-1 if window is None else window - 1, 0),
        enable_gqa=query.shape[2] != key.shape[2],
    )
    assert isinstance(mixed, Tensor)
    return mixed.view_as(query)


def borders_of(documents: Tensor) -> tuple[Tensor, int]:
    """Where each document of [B, T] begins in the one long row, and where the last ends; and the longest one's
    tokens."""
    found = _borders.get(documents)
    if found is None:
        begins = torch.ones_like(documents, dtype=torch.bool)
        begins[:, 1:] = documents[:, 1:] != documents[:, :-1]
        starts = begins.flatten().nonzero().flatten()
        borders = torch.cat([starts, starts.new_tensor([documents.numel()])]).int()
        found = borders, int(borders.diff().max())
        _borders[documents] = found
    return found

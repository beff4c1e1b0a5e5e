"""Tensors in many safetensors files, each holding boxes of them.

One decision: a name says which box it is (`transformer.wte.weight[0:64,0:32]`; without brackets the whole tensor), so a
file needs no index, a published checkpoint has the same format, and a rank of any layout finds its part by intersecting
boxes, without communication. Boxes are copied out of a file some megabytes at a time, each mapped anew: pages of a file
that stays mapped count as the rank's own memory once they have been read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from aurora.errors import AuroraError
from aurora.model.weights import opened_weights, read_weights
from aurora.training.checkpoints.placement import Index, overlap, within

_BOXED = re.compile(r"(?P<name>[^\[\]]+)\[(?P<box>\d+:\d+(?:,\d+:\d+)*)\]")

# Bytes of a file that are mapped at a time: small beside any rank's share, and large enough that opening the file again
# for each piece costs nothing beside reading it.
PIECE = 32 * 2**20


@dataclass(frozen=True)
class _Part:
    """The part of a tensor in one file: the box `box`, stored as `key` and mapped as `tensor`."""

    path: Path
    key: str
    box: Index
    tensor: Tensor


def boxed_name(name: str, box: Index, shape: Iterable[int]) -> str:
    """The name in a file of the part `box` of the tensor `name`, whose whole shape is `shape`."""
    if all((part.start, part.stop) == (0, size) for part, size in zip(box, shape, strict=True)):
        return name
    return f"{name}[{','.join(f'{part.start}:{part.stop}' for part in box)}]"


class Stored(Mapping[str, Tensor]):
    """The tensors of some files, mapped from disk; indexing gives whole tensors. Do not change them in place."""

    def __init__(self, paths: Iterable[Path]) -> None:
        """Raises `AuroraError` naming the file that is missing or damaged, or the tensor that has gaps."""
        self._parts: dict[str, list[_Part]] = {}
        paths = list(paths)
        self._where = ", ".join(sorted({str(path.parent) for path in paths}))
        for path in paths:
            for key, tensor in read_weights([path]).items():
                boxed = _BOXED.fullmatch(key)
                name = boxed["name"] if boxed else key
                box = _box(boxed["box"]) if boxed else tuple(slice(0, size) for size in tensor.shape)
                self._parts.setdefault(name, []).append(_Part(path, key, box, tensor))
        self._shapes = {name: self._whole_shape(name) for name in self._parts}

    def __getitem__(self, name: str) -> Tensor:
        """The whole tensor; assembled in memory where it is stored in parts."""
        parts = self._parts[name]
        if len(parts) == 1:
            return parts[0].tensor
        whole = torch.empty(self._shapes[name], dtype=parts[0].tensor.dtype)
        self.copy(name, whole)
        return whole

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)

    @property
    def forms(self) -> dict[str, Tensor]:
        """Each tensor on the meta device: type and shape without a value."""
        return {
            name: torch.empty(self._shapes[name], dtype=parts[0].tensor.dtype, device="meta")
            for name, parts in self._parts.items()
        }

    def check(self, name: str, shape: Iterable[int]) -> None:
        """Raises `AuroraError` where there is no tensor of this name, or one of another shape than `shape`."""
        if name not in self._parts:
            raise AuroraError(f"{self._where} lacks {name}: fetch or make the checkpoint again.")
        if (stored := self._shapes[name]) != (expected := tuple(shape)):
            raise AuroraError(
                f"{self._where}: {name} has shape {list(stored)}, but this network needs {list(expected)}: use a "
                "checkpoint that was made with this model."
            )

    def copy(self, name: str, target: Tensor, box: Index | None = None) -> None:
        """Write the part `box` of a tensor, or all of it, into `target`, in its type and on its device."""
        wanted = tuple(slice(0, size) for size in self._shapes[name]) if box is None else box
        for part in self._parts[name]:
            common = overlap(part.box, wanted)
            if common is None:
                continue
            for piece in _pieces(part, common):
                with opened_weights(part.path) as stored:  # unmapped at the end: no tensor of it is kept
                    target[within(piece, wanted)].copy_(stored.get_slice(part.key)[within(piece, part.box)])

    def _whole_shape(self, name: str) -> tuple[int, ...]:
        """The shape that the parts of a tensor fill without gap or overlap."""
        parts = self._parts[name]
        shape = tuple(max(part.stop for part in along) for along in zip(*(part.box for part in parts), strict=True))
        filled = sum(math.prod(along.stop - along.start for along in part.box) for part in parts)
        if filled != math.prod(shape):
            raise AuroraError(f"{self._where} holds only some parts of {name}: use another checkpoint.")
        return shape


def _pieces(part: _Part, box: Index) -> Iterator[Index]:
    """`box` in pieces of some rows, so that few pages of the file are read for each."""
    rows = max(1, PIECE // part.tensor[:1].nbytes)
    for start in range(box[0].start, box[0].stop, rows):
        yield slice(start, min(start + rows, box[0].stop)), *box[1:]


def _box(text: str) -> Index:
    return tuple(slice(*map(int, part.split(":"))) for part in text.split(","))

"""A GGUF file: its metadata and its tensors, mapped from disk.

One decision: nothing in the file is trusted. Every count and size is checked against the bytes that are left before
anything is allocated, and no two tensors may share bytes, so memory stays proportional to the size of the file.
"""

from __future__ import annotations

import math
import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aurora.errors import AuroraError, UserError
from aurora.files import open_regular
from aurora.gguf.blocks import TYPES, dequantised

MAGIC = b"GGUF"
VERSIONS = (2, 3)  # the first counts in 32 bits, and was in use for two months of 2023
# Ten times what the largest networks have: a file that claims more is damaged or an attack.
MOST_KEYS = 10_000
MOST_TENSORS = 100_000
MOST_DIMENSIONS = 4
LARGEST_HEADER = 100_000_000  # bytes; a vocabulary of 256,000 entries takes 15 MB
LARGEST_ALIGNMENT = 1 << 16  # bytes; 32 is usual
_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9


@dataclass(frozen=True)
class Stored:
    """A tensor in the file: its shape as numpy has it, its type, and where its bytes are."""

    shape: tuple[int, ...]
    kind: int
    start: int
    end: int


@dataclass(frozen=True)
class GgufFile:
    """A file's metadata by key, and its tensors by name."""

    path: Path
    header: bytes
    metadata: Mapping[str, Any]
    tensors: Mapping[str, Stored]

    def values(self, name: str) -> NDArray[Any]:
        """A tensor's numbers: float16 and bfloat16 (as uint16) as they are, all others as float32."""
        stored = self.tensors[name]
        data = np.memmap(self.path, np.uint8, "r", stored.start, (stored.end - stored.start,))
        return dequantised(data, stored.kind).reshape(stored.shape)

    def types(self) -> list[str]:
        """The names of the types that tensors have, the one of most bytes first."""
        sizes: dict[str, int] = {}
        for stored in self.tensors.values():
            name = TYPES[stored.kind].name
            sizes[name] = sizes.get(name, 0) + stored.end - stored.start
        return sorted(sizes, key=lambda name: -sizes[name])


def read_gguf(path: Path) -> GgufFile:
    """The table of a GGUF file; `UserError` for a type that cannot be read, `AuroraError` for a damaged file."""
    try:
        with open_regular(path) as stream:
            if stream.read(len(MAGIC)) != MAGIC:
                raise UserError(f"{path} is not a GGUF file: give one, or the folder of a Hugging Face model.")
            with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return _parse(path, _Cursor(data))
    except FileNotFoundError as error:
        raise UserError(f"{path} does not exist: give a GGUF file.") from error
    except ValueError as error:
        raise AuroraError(f"{path} is damaged ({error}): fetch it again.") from error


class _Cursor:
    """A position in the file that advances with what is read; `ValueError` where the bytes end too early."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self.size = len(data)
        self.place = len(MAGIC)

    def take(self, length: int) -> bytes:
        if length > min(self.size, LARGEST_HEADER) - self.place:
            raise ValueError(f"its table needs {length:,} bytes at byte {self.place:,}, which it does not have")
        self.place += length
        return self._data[self.place - length : self.place]

    def number(self, form: str) -> Any:
        return struct.unpack(f"<{form}", self.take(struct.calcsize(form)))[0]

    def text(self) -> str:
        return self.take(self.number("Q")).decode("utf-8")

    def count(self, most: int, what: str) -> int:
        number: int = self.number("Q")
        if number > most:
            raise ValueError(f"it claims {number:,} {what}; at most {most:,} are read")
        return number

    def value(self, kind: int) -> Any:
        if kind in _NUMBERS:
            return self.number(_NUMBERS[kind])
        if kind == _STRING:
            return self.text()
        if kind != _ARRAY:
            raise ValueError(f"its table has a value of the unknown type {kind}")
        kind, length = self.number("I"), self.number("Q")
        if kind in _NUMBERS:
            form = _NUMBERS[kind]
            return np.frombuffer(self.take(length * struct.calcsize(form)), np.dtype(form).newbyteorder("<")).tolist()
        if kind != _STRING:
            raise ValueError(f"its table has a list of the type {kind}, neither numbers nor texts")
        return [self.text() for _ in range(length)]  # each takes bytes of the file, so a false length ends with them

    def bytes_so_far(self) -> bytes:
        return self._data[: self.place]


def _parse(path: Path, cursor: _Cursor) -> GgufFile:
    version = cursor.number("I")
    if version not in VERSIONS:
        raise UserError(
            f"{path} has GGUF version {version} (or the other byte order), but only versions 2 and 3 are read: convert "
            "the model again with a current llama.cpp."
        )
    tensors, keys = cursor.count(MOST_TENSORS, "tensors"), cursor.count(MOST_KEYS, "keys")
    metadata: dict[str, Any] = {}
    for _ in range(keys):
        key = cursor.text()
        if key in metadata:
            raise ValueError(f"it has the key {key[:100]!r} twice")
        metadata[key] = cursor.value(cursor.number("I"))
    entries = [_entry(path, cursor) for _ in range(tensors)]
    alignment = metadata.get("general.alignment", 32)
    if type(alignment) is not int or not 0 < alignment <= LARGEST_ALIGNMENT:
        raise ValueError(f"general.alignment is {str(alignment)[:40]}")
    beginning = -(-cursor.place // alignment) * alignment
    stored: dict[str, Stored] = {}
    last = beginning
    for name, shape, kind, offset in sorted(entries, key=lambda entry: entry[3]):
        start, block = beginning + offset, TYPES[kind]
        end = start + math.prod(shape) // block.values * block.bytes
        if name in stored:
            raise ValueError(f"it has the tensor {name[:100]!r} twice")
        if start < last or end > cursor.size:
            raise ValueError(f"its tensor {name[:100]!r} lies outside of the file, or on another")
        stored[name] = Stored(shape, kind, start, end)
        last = end
    return GgufFile(path, cursor.bytes_so_far(), metadata, stored)


def _entry(path: Path, cursor: _Cursor) -> tuple[str, tuple[int, ...], int, int]:
    """(name, shape, type, offset) of a tensor."""
    name, dimensions = cursor.text(), cursor.number("I")
    if not 0 < dimensions <= MOST_DIMENSIONS:
        raise ValueError(f"its tensor {name[:100]!r} has {dimensions:,} dimensions")
    shape = tuple(cursor.number("Q") for _ in range(dimensions))[::-1]  # it names the fastest first
    kind, offset = cursor.number("I"), cursor.number("Q")
    if kind not in TYPES:
        known = ", ".join(block.name for block in TYPES.values())
        raise UserError(f"{path}: tensor {name[:100]!r} has GGUF type {kind}: give a file of the types {known}.")
    if min(shape) < 1 or shape[-1] % TYPES[kind].values:
        raise ValueError(f"its tensor {name[:100]!r} has shape {list(shape)}, which {TYPES[kind].name} cannot hold")
    return name, shape, kind, offset

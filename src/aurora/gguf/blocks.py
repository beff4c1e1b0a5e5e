"""The types of GGUF tensors, and the float32 numbers that their blocks stand for.

One decision: numbers are computed in float32 and in ggml's order (a block's scale times the scale of a part, times the
integer, less the minimum), so they equal ggml's to the bit. Layouts, and with them every offset and shift below, are
those of `ggml-common.h`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

CHUNK = 1 << 15  # blocks unpacked at a time: intermediate numbers then take some 100 MB at most


@dataclass(frozen=True)
class Type:
    """A type by its name: how many values a block holds, in how many bytes, and what unpacks blocks [N, bytes]."""

    name: str
    values: int
    bytes: int
    unpack: Callable[[Bytes], Floats] | None = None


def dequantised(data: Bytes, kind: int) -> NDArray[Any]:
    """The numbers that the bytes of a tensor stand for, flat: float16, bfloat16 (as uint16), or float32."""
    block = TYPES[kind]
    if block.unpack is None:
        return np.array(data).view({"F32": "<f4", "F16": "<f2", "BF16": "<u2"}[block.name])
    blocks = data.reshape(-1, block.bytes)
    numbers = np.empty((len(blocks), block.values), np.float32)
    for start in range(0, len(blocks), CHUNK):
        part = np.array(blocks[start : start + CHUNK])
        numbers[start : start + CHUNK] = block.unpack(part).reshape(len(part), -1)
    return numbers.reshape(-1)


def _halves(blocks: Bytes, at: int) -> Floats:
    """The float16 at byte `at` of every block, [N, 1]."""
    return blocks[:, at : at + 2].copy().view("<f2").astype(np.float32)


def _fields(data: Bytes, rows: int, bits: int) -> Bytes:
    """Fields of `bits` bits, [N, rows * 8 / bits, bytes in a row]: in each row of bytes the lowest fields first."""
    shifts = np.arange(0, 8, bits, dtype=np.uint8)[:, None]
    parts = data.reshape(len(data), rows, 1, -1) >> shifts & np.uint8((1 << bits) - 1)
    return parts.reshape(len(data), -1, parts.shape[-1])


def _fifth_bits(data: Bytes) -> Bytes:
    """The fifth bits of 32 values, in 4 bytes."""
    return np.unpackbits(data, axis=1, bitorder="little") << np.uint8(4)


def _q4_0(blocks: Bytes) -> Floats:
    values = _fields(blocks[:, 2:], 1, 4).reshape(len(blocks), 32).astype(np.float32) - 8
    return _halves(blocks, 0) * values


def _q4_1(blocks: Bytes) -> Floats:
    values = _fields(blocks[:, 4:], 1, 4).reshape(len(blocks), 32).astype(np.float32)
    return _halves(blocks, 0) * values + _halves(blocks, 2)


def _q5_0(blocks: Bytes) -> Floats:
    values = _fields(blocks[:, 6:], 1, 4).reshape(len(blocks), 32) | _fifth_bits(blocks[:, 2:6])
    return _halves(blocks, 0) * (values.astype(np.float32) - 16)


def _q5_1(blocks: Bytes) -> Floats:
    values = _fields(blocks[:, 8:], 1, 4).reshape(len(blocks), 32) | _fifth_bits(blocks[:, 4:8])
    return _halves(blocks, 0) * values.astype(np.float32) + _halves(blocks, 2)


def _q8_0(blocks: Bytes) -> Floats:
    return _halves(blocks, 0) * blocks[:, 2:].view(np.int8).astype(np.float32)


def _q2_k(blocks: Bytes) -> Floats:
    scales = blocks[:, :16]
    values = _fields(blocks[:, 16:80], 2, 2).reshape(-1, 16, 16).astype(np.float32)
    scale = _halves(blocks, 80) * (scales & np.uint8(15)).astype(np.float32)
    least = _halves(blocks, 82) * (scales >> np.uint8(4)).astype(np.float32)
    return scale[:, :, None] * values - least[:, :, None]


def _q3_k(blocks: Bytes) -> Floats:
    high, low, scales = blocks[:, :32], blocks[:, 32:96], blocks[:, 96:108]
    # A scale has 4 bits in the first 8 bytes and 2 in the last 4.
    six = _fields(scales[:, :8], 1, 4).reshape(-1, 16) | _fields(scales[:, 8:], 1, 2).reshape(-1, 16) << np.uint8(4)
    scale = _halves(blocks, 108) * (six.astype(np.float32) - 32)
    values = _fields(low, 2, 2) | _fields(high, 1, 1) << np.uint8(2)
    return scale[:, :, None] * (values.reshape(-1, 16, 16).astype(np.float32) - 4)


def _scales_k(packed: Bytes) -> tuple[Floats, Floats]:
    """Scales and minima of 8 parts, 6 bits each, in 12 bytes: the last four parts keep their two high bits in the first
    eight bytes."""
    first, second, third = packed[:, 0:4], packed[:, 4:8], packed[:, 8:12]
    low, six = np.uint8(15), np.uint8(63)
    tops = [(part >> np.uint8(6)) << np.uint8(4) for part in (first, second)]
    scales = np.concatenate([first & six, third & low | tops[0]], axis=1)
    minima = np.concatenate([second & six, third >> np.uint8(4) | tops[1]], axis=1)
    return scales.astype(np.float32), minima.astype(np.float32)


def _with_scales_k(blocks: Bytes, values: Bytes) -> Floats:
    scales, minima = _scales_k(blocks[:, 4:16])
    scale, least = _halves(blocks, 0) * scales, _halves(blocks, 2) * minima
    return scale[:, :, None] * values.astype(np.float32) - least[:, :, None]


def _q4_k(blocks: Bytes) -> Floats:
    return _with_scales_k(blocks, _fields(blocks[:, 16:144], 4, 4))


def _q5_k(blocks: Bytes) -> Floats:
    high = _fields(blocks[:, 16:48], 1, 1) << np.uint8(4)
    return _with_scales_k(blocks, _fields(blocks[:, 48:176], 4, 4) | high)


def _q6_k(blocks: Bytes) -> Floats:
    low = _fields(blocks[:, :128], 2, 4).reshape(-1, 8, 32)
    values = (low | _fields(blocks[:, 128:192], 2, 2) << np.uint8(4)).reshape(-1, 16, 16).astype(np.float32) - 32
    scale = _halves(blocks, 208) * blocks[:, 192:208].view(np.int8).astype(np.float32)
    return scale[:, :, None] * values


# By their numbers in files: name, values in a block, bytes of a block.
TYPES = {
    0: Type("F32", 1, 4),
    1: Type("F16", 1, 2),
    2: Type("Q4_0", 32, 18, _q4_0),
    3: Type("Q4_1", 32, 20, _q4_1),
    6: Type("Q5_0", 32, 22, _q5_0),
    7: Type("Q5_1", 32, 24, _q5_1),
    8: Type("Q8_0", 32, 34, _q8_0),
    10: Type("Q2_K", 256, 84, _q2_k),
    11: Type("Q3_K", 256, 110, _q3_k),
    12: Type("Q4_K", 256, 144, _q4_k),
    13: Type("Q5_K", 256, 176, _q5_k),
    14: Type("Q6_K", 256, 210, _q6_k),
    30: Type("BF16", 1, 2),
}

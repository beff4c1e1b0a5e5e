from __future__ import annotations

import numpy as np
import pytest

from aurora.gguf.blocks import CHUNK, TYPES, dequantised

QUANTIZED = {kind: block for kind, block in TYPES.items() if block.unpack is not None}


def random_blocks(kind: int, number: int = 64) -> np.ndarray:
    """Random bytes, whose scales are finite numbers of an ordinary size."""
    block = TYPES[kind]
    generator = np.random.default_rng(kind)
    data = generator.integers(0, 256, (number, block.bytes), dtype=np.uint8)
    halves = {2: (0,), 3: (0, 2), 6: (0,), 7: (0, 2), 8: (0,), 10: (80, 82), 11: (108,), 12: (0, 2), 13: (0, 2)}
    for at in halves.get(kind, (208,)):
        data[:, at : at + 2] = generator.normal(0, 0.1, number).astype("<f2").view(np.uint8).reshape(-1, 2)
    return data


@pytest.mark.parametrize("kind", QUANTIZED, ids=[block.name for block in QUANTIZED.values()])
def test_numbers_are_those_of_the_gguf_package_to_the_bit(kind: int) -> None:
    quants = pytest.importorskip("gguf.quants")
    data = random_blocks(kind)
    theirs = quants.dequantize(data, quants.GGMLQuantizationType(kind))
    assert dequantised(data.reshape(-1), kind).tobytes() == theirs.astype(np.float32).tobytes()


def test_a_block_of_four_bits_by_hand() -> None:
    half = np.array([0.5, -2.0], "<f2").view(np.uint8)
    packed = np.arange(16, dtype=np.uint8) | np.uint8(0x30)  # low nibbles 0 to 15, high nibbles 3
    plain = np.concatenate([half[:2], packed])
    assert dequantised(plain, 2).tolist() == [(n - 8) / 2 for n in range(16)] + [-2.5] * 16
    assert dequantised(np.concatenate([half, packed]), 3).tolist() == [n / 2 - 2 for n in range(16)] + [-0.5] * 16


def by_element_q4_k(block: np.ndarray) -> list[float]:
    """The same by one value at a time, as the layout is described."""
    scale, least = (np.float32(half) for half in block[:4].view("<f2"))
    packed = [int(byte) for byte in block[4:16]]
    numbers = []
    for part in range(8):
        if part < 4:
            six, minimum = packed[part] & 63, packed[part + 4] & 63
        else:
            six = packed[part + 4] & 15 | packed[part - 4] >> 6 << 4
            minimum = packed[part + 4] >> 4 | packed[part] >> 6 << 4
        for n in range(32):
            byte = int(block[16 + part // 2 * 32 + n])
            integer = byte >> 4 if part % 2 else byte & 15
            numbers.append(float(scale * np.float32(six) * np.float32(integer) - least * np.float32(minimum)))
    return numbers


def by_element_q6_k(block: np.ndarray) -> list[float]:
    scale = np.float32(block[208:210].view("<f2")[0])
    parts = block[192:208].view(np.int8)
    numbers = []
    for place in range(256):
        half, rest = divmod(place, 128)
        quarter, n = divmod(rest, 32)
        byte = int(block[64 * half + 32 * (quarter % 2) + n])
        low = byte >> 4 if quarter > 1 else byte & 15
        high = int(block[128 + 32 * half + n]) >> 2 * quarter & 3
        numbers.append(float(scale * np.float32(parts[place // 16]) * np.float32((low | high << 4) - 32)))
    return numbers


@pytest.mark.parametrize(("kind", "by_element"), [(12, by_element_q4_k), (14, by_element_q6_k)])
def test_a_block_of_parts_value_by_value(kind: int, by_element) -> None:  # type: ignore[no-untyped-def]
    data = random_blocks(kind, 8)
    assert dequantised(data.reshape(-1), kind).tolist() == [number for block in data for number in by_element(block)]


def test_chunks_do_not_show() -> None:
    data = random_blocks(8, CHUNK + 3)
    whole = dequantised(data.reshape(-1), 8)
    assert np.array_equal(whole[-96:], dequantised(data[-3:].reshape(-1), 8))


@pytest.mark.parametrize(("kind", "dtype"), [(0, "<f4"), (1, "<f2"), (30, "<u2")])
def test_plain_numbers_stay_as_they_are(kind: int, dtype: str) -> None:
    data = np.arange(16, dtype=np.uint8)
    assert dequantised(data, kind).dtype == np.dtype(dtype)
    assert dequantised(data, kind).tobytes() == data.tobytes()

from __future__ import annotations

import struct
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aurora.errors import AuroraError, UserError
from aurora.gguf.file import read_gguf
from small_gguf import gguf_bytes, stored, text

VALUES = np.arange(6, dtype=np.float32).reshape(2, 3)


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_metadata_and_tensors_are_read(tmp_path: Path) -> None:
    metadata: dict[str, Any] = {"a": "ä", "b": 3, "c": 0.5, "d": True, "e": ["x", ""], "f": [1, -2]}
    tensors = {"first": stored(VALUES), "second": stored(VALUES.astype(np.float16))}
    file = read_gguf(written(tmp_path / "it.gguf", gguf_bytes(metadata, tensors)))
    assert file.metadata == metadata
    assert np.array_equal(file.values("first"), VALUES)
    assert file.values("second").dtype == np.float16
    assert file.types() == ["F32", "F16"]


def test_another_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not a GGUF file"):
        read_gguf(written(tmp_path / "it.gguf", b"PK\3\4"))
    with pytest.raises(UserError, match="GGUF version 1"):
        read_gguf(written(tmp_path / "it.gguf", b"GGUF" + struct.pack("<I", 1) + bytes(64)))
    with pytest.raises(UserError, match="does not exist"):
        read_gguf(tmp_path / "none.gguf")


def test_an_unknown_type_is_refused_by_its_number(tmp_path: Path) -> None:
    content = gguf_bytes({}, {"w": ((32,), 20, bytes(18))})
    with pytest.raises(UserError, match=r"'w' has GGUF type 20: give a file of the types F32, F16"):
        read_gguf(written(tmp_path / "it.gguf", content))


def header(tensors: int, keys: int) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", 3, tensors, keys)


def tensor(name: str, shape: tuple[int, ...], kind: int, offset: int) -> bytes:
    return text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)


HUGE = 1 << 60
HOSTILE = {
    "keys": header(0, HUGE),
    "tensors": header(HUGE, 0),
    "key": header(0, 1) + struct.pack("<Q", HUGE),
    "text": header(0, 1) + text("a") + struct.pack("<IQ", 8, HUGE),
    "numbers": header(0, 1) + text("a") + struct.pack("<IIQ", 9, 10, HUGE),
    "texts": header(0, 1) + text("a") + struct.pack("<IIQ", 9, 8, HUGE),
    "lists": header(0, 1) + text("a") + struct.pack("<IIQ", 9, 9, HUGE),
    "twice": header(0, 2) + 2 * (text("a") + struct.pack("<II", 4, 1)),
    "value": header(0, 1) + text("a") + struct.pack("<I", 99),
    "alignment": header(0, 1) + text("general.alignment") + struct.pack("<II", 4, 0),
    "dimensions": header(1, 0) + text("w") + struct.pack("<I", 1 << 31),
    "size": header(1, 0) + tensor("w", (HUGE, HUGE), 0, 0) + bytes(64),
    "none": header(1, 0) + tensor("w", (0, HUGE), 0, 0) + bytes(64),
    "offset": header(1, 0) + tensor("w", (1,), 0, HUGE) + bytes(64),
    "shared": header(2, 0) + tensor("v", (16,), 0, 0) + tensor("w", (16,), 0, 32) + bytes(160),
    "same": header(2, 0) + tensor("w", (8,), 0, 0) + tensor("w", (8,), 0, 32) + bytes(160),
    "block": header(1, 0) + tensor("w", (33,), 8, 0) + bytes(160),
    "letters": header(0, 1) + struct.pack("<Q", 2) + b"\xff\xfe" + struct.pack("<II", 4, 1),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_damaged_file_is_one_sentence_and_little_memory(tmp_path: Path, content: bytes) -> None:
    path = written(tmp_path / "it.gguf", content)
    tracemalloc.start()
    try:
        with pytest.raises(AuroraError, match=r"it\.gguf is damaged \(.*\): fetch it again\."):
            read_gguf(path)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_a_file_cut_anywhere_is_damaged(tmp_path: Path) -> None:
    content = gguf_bytes({"a": ["x", "y"], "b": 1.5}, {"w": stored(VALUES)})
    whole = content[: len(content) - 8]  # the padding after the last tensor may lack
    for length in range(4, len(whole)):
        with pytest.raises(AuroraError):
            read_gguf(written(tmp_path / "it.gguf", whole[:length]))

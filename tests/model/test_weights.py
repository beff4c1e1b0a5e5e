from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load, save_file

from aurora.errors import AuroraError
from aurora.model.weights import num_bytes, read_weights, refuse_not_finite, split_weights, write_weights


@given(
    shapes=st.dictionaries(
        st.text("abc.", min_size=1, max_size=5), st.lists(st.integers(0, 4), max_size=3), max_size=6
    ),
    dtypes=st.lists(st.sampled_from([torch.float32, torch.bfloat16, torch.float16, torch.int64]), min_size=6),
)
def test_what_is_written_is_what_the_library_reads(
    tmp_path_factory: pytest.TempPathFactory, shapes: dict[str, list[int]], dtypes: list[torch.dtype]
) -> None:
    tensors = {
        name: torch.arange(torch.Size(shape).numel()).view(shape).to(dtype)
        for (name, shape), dtype in zip(shapes.items(), dtypes, strict=False)
    }
    path = tmp_path_factory.mktemp("weights") / "model.safetensors"
    write_weights(path, tensors)
    found = load(path.read_bytes())
    assert found.keys() == tensors.keys()
    assert all(found[name].dtype == tensors[name].dtype for name in tensors)
    assert all(torch.equal(found[name], tensors[name]) for name in tensors)
    write_weights(path.with_name("again.safetensors"), dict(reversed(tensors.items())))
    assert path.read_bytes() == path.with_name("again.safetensors").read_bytes()


def test_strided_tensors_are_written_as_they_look(tmp_path: Path) -> None:
    written: list[int] = []
    tensors = {"a": torch.arange(6.0).view(2, 3).t(), "b": torch.nn.Parameter(torch.arange(8.0)[::2])}
    write_weights(tmp_path / "w", tensors, written.append)
    found = read_weights([tmp_path / "w"])
    assert torch.equal(found["a"], tensors["a"])
    assert torch.equal(found["b"], tensors["b"])
    assert written == [24, 16]
    assert num_bytes(found) == 40


def test_damage_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    with pytest.raises(AuroraError, match=r"w\.safetensors does not exist"):
        read_weights([path])
    write_weights(path, {"a": torch.ones(1000)})
    whole = path.read_bytes()
    for damaged in (b"", whole[:7], whole[:100], whole[:-1], b"\xff" * 50):
        path.write_bytes(damaged)
        with pytest.raises(AuroraError, match=r"w\.safetensors is damaged"):
            read_weights([path])
    with pytest.raises(AuroraError, match=r"is a folder, not a file"):
        read_weights([tmp_path])
    os.mkfifo(tmp_path / "pipe")
    for endless in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(AuroraError, match="is a pipe or a device, not a file"):
            read_weights([endless])


def header(text: str) -> bytes:
    return len(text).to_bytes(8, "little") + text.encode()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            header(
                '{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}, '
                '"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}'
            )
            + bytes(8),
            r"it names 'a' twice",
        ),
        (
            header('{"a": {"dtype": "F32", "dtype": "I64", "shape": [1], "data_offsets": [0, 4]}}') + bytes(4),
            "'dtype' twice",
        ),
        (header("[" * 100_000), "recursion"),
        (header('{"a": ' + "9" * 5000 + "}"), "Exceeds the limit"),
        (
            (1 << 40).to_bytes(8, "little") + b"{}",
            r"its header has 1,099,511,627,776 bytes; at most 25,000,000 are read",
        ),
    ],
)
def test_a_header_made_to_deceive(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "w.safetensors").write_bytes(content)
    with pytest.raises(AuroraError, match=rf"w\.safetensors is damaged \(.*({said})"):
        read_weights([tmp_path / "w.safetensors"])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_a_value_that_is_not_finite(value: float, dtype: torch.dtype) -> None:
    good = {"a": torch.ones(3, 3, dtype=dtype), "none": torch.ones(0)}
    refuse_not_finite(good, Path("x"))
    good["a"][1, 2] = value
    with pytest.raises(AuroraError, match="x: a holds values that are not finite"):
        refuse_not_finite(good, Path("x"))


def test_a_tensor_in_two_files_is_refused(tmp_path: Path) -> None:
    for name in ("one", "two"):
        save_file({"a": torch.ones(2)}, tmp_path / name)
    with pytest.raises(AuroraError, match="two holds a, which another file of the checkpoint holds too"):
        read_weights([tmp_path / "one", tmp_path / "two"])


def test_shards_keep_order_and_limit() -> None:
    tensors = {name: torch.zeros(size) for name, size in (("a", 2), ("b", 3), ("c", 9), ("d", 1), ("e", 1))}
    assert split_weights(tensors, 20) == [["a", "b"], ["c"], ["d", "e"]]
    assert split_weights(tensors, 1000) == [["a", "b", "c", "d", "e"]]

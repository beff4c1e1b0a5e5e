"""Tensors in safetensors files: written as a stream, read by mapping the file into memory.

One decision: pickles are never read or written. A file is written tensor by tensor in a fixed order, so equal tensors
give equal bytes and a 60 GB model needs the memory of one tensor; a mapped tensor takes memory only when it is used.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from aurora.errors import AuroraError
from aurora.files import atomic_file, open_regular

LARGEST_HEADER = 25_000_000  # bytes, read whole: 100,000 tensors need 15 MB, a large network 0.1 MB
DTYPES = {torch.float32: "F32", torch.bfloat16: "BF16", torch.float16: "F16", torch.float64: "F64", torch.int64: "I64"}


def write_weights(
    path: Path,
    tensors: Mapping[str, Tensor],
    report: Callable[[int], object] | None = None,
    forms: Mapping[str, Tensor] | None = None,
) -> None:
    """Write `tensors` to the safetensors file `path`, atomically; equal tensors give equal bytes.

    `report` is called with the bytes of each tensor written. `forms` are the same tensors on the meta device, for a
    mapping that computes a tensor when it is asked for. Raises `AuroraError` where the disk is full.
    """
    forms = forms or tensors
    # Widest types first keeps every tensor aligned; within a type, by name.
    names = sorted(forms, key=lambda name: (-forms[name].element_size(), name))
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    start = 0
    for name in names:
        tensor = forms[name]
        end = start + tensor.nbytes
        header[name] = {"dtype": DTYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [start, end]}
        start = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # readers may ask for aligned data; safetensors' own writer pads so too
    with atomic_file(path) as stream:
        stream.write(len(text).to_bytes(8, "little") + text)
        for name in names:
            flat = tensors[name].detach().to("cpu").contiguous().view(-1)
            stream.write(flat.view(torch.uint8).numpy().data)
            if report is not None:
                report(flat.nbytes)


def read_weights(paths: Sequence[Path]) -> dict[str, Tensor]:
    """All tensors of the safetensors files `paths` by name, mapped from disk: do not change them in place.

    Raises `AuroraError` naming the file that is missing or damaged, or the tensor that two files hold.
    """
    tensors: dict[str, Tensor] = {}
    for path in paths:
        with opened_weights(path) as stored:
            for name in stored.keys():  # noqa: SIM118 (not a dictionary)
                if name in tensors:
                    raise AuroraError(
                        f"{path} holds {name}, which another file of the checkpoint holds too: fetch or make the "
                        "checkpoint again."
                    )
                tensors[name] = stored.get_tensor(name)
    return tensors


@contextmanager
def opened_weights(path: Path) -> Iterator[Any]:
    """The safetensors file `path`, mapped until the block ends and no tensor of it is in use.

    `AuroraError` naming the file where it is missing or damaged.
    """
    from safetensors import SafetensorError, safe_open

    try:
        _check_names(path)
        with safe_open(path, framework="pt") as stored:
            yield stored
    except FileNotFoundError as error:
        raise AuroraError(f"{path} does not exist: fetch or make the checkpoint again.") from error
    except (SafetensorError, OSError) as error:
        raise AuroraError(f"{path} is damaged ({error}): fetch or make the checkpoint again.") from error


def refuse_not_finite(tensors: Mapping[str, Tensor], where: Path) -> None:
    """`AuroraError` naming the first tensor with a value that is NaN or infinite."""
    for name, tensor in tensors.items():
        # Smallest and largest are NaN where any value is, and need no memory, unlike a test of every value.
        if tensor.numel() and not all(end.isfinite() for end in torch.aminmax(tensor)):
            raise AuroraError(
                f"{where}: {name} holds values that are not finite, as after failed training: take another checkpoint."
            )


def _check_names(path: Path) -> None:
    """`AuroraError` where the header is damaged or names a tensor twice, of which programs read one or the other."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        table: dict[str, Any] = {}
        for name, value in pairs:
            if name in table:
                raise ValueError(f"it names {name[:100]!r} twice")
            table[name] = value
        return table

    try:
        with open_regular(path) as stream:
            length = int.from_bytes(stream.read(8), "little")
            if length > LARGEST_HEADER:
                raise ValueError(f"its header has {length:,} bytes; at most {LARGEST_HEADER:,} are read")
            json.loads(stream.read(length), object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise AuroraError(f"{path} is damaged ({error}): fetch or make the checkpoint again.") from error


def num_bytes(tensors: Mapping[str, Tensor]) -> int:
    """Bytes that `tensors` take in a file."""
    return sum(tensor.nbytes for tensor in tensors.values())


def split_weights(tensors: Mapping[str, Tensor], limit: int) -> list[list[str]]:
    """Names in order, in shards of at most `limit` bytes; a larger tensor gets a shard of its own."""
    shards: list[list[str]] = []
    room = -math.inf
    for name, tensor in tensors.items():
        if tensor.nbytes > room:
            shards.append([])
            room = limit
        shards[-1].append(name)
        room -= tensor.nbytes
    return shards

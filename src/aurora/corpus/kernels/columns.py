"""The two buffers of a column of texts, which compiled passes read and write.

One decision: a pass reads offsets and bytes, never a Python string, and returns a column over the buffers it wrote.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pyarrow as pa

Array = TypeVar("Array", bound=npt.NDArray[Any])


def buffers_of(texts: pa.LargeStringArray) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """Offsets int64 [documents + 1], and the UTF-8 bytes that they point into, read-only; `texts` has no nulls."""
    _, offsets, data = texts.buffers()
    if offsets is None or not len(texts):
        return read_only(np.zeros(1, np.int64)), read_only(np.zeros(0, np.uint8))
    points = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    return read_only(points), read_only(np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8))


def read_only(array: Array) -> Array:
    """A view that cannot be written to: to the compiler a writable array is another type, and would compile once more,
    for seconds."""
    view = array.view()
    view.flags.writeable = False
    return view


def text_at(offsets: npt.NDArray[np.int64], data: npt.NDArray[np.uint8], row: int) -> str:
    """The text of one row."""
    return data[offsets[row] : offsets[row + 1]].tobytes().decode()


def texts_of(offsets: npt.NDArray[np.int64], data: npt.NDArray[np.uint8]) -> pa.LargeStringArray:
    """The column of texts whose bytes are between `offsets` in `data`."""
    import pyarrow as pa

    return pa.LargeStringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(data))


def replaced(texts: pa.LargeStringArray, changes: dict[int, bytes]) -> pa.LargeStringArray:
    """The texts with the UTF-8 of `changes` in some rows; `texts` itself if there are none."""
    if not changes:
        return texts
    offsets, data = buffers_of(texts)
    pieces = [data[start:end].tobytes() for start, end in pairwise(offsets.tolist())]
    for row, text in changes.items():
        pieces[row] = text
    return texts_of(*concatenated(pieces))


def concatenated(texts: list[bytes]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """The buffers of texts given as UTF-8."""
    offsets = np.zeros(len(texts) + 1, np.int64)
    np.cumsum([len(text) for text in texts], out=offsets[1:])
    return offsets, np.frombuffer(b"".join(texts), np.uint8)

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.corpus.kernels.columns import buffers_of, concatenated, read_only, replaced, text_at, texts_of

TEXTS = st.lists(st.text(), max_size=6)


@given(TEXTS, st.integers(0, 3))
def test_buffers_say_where_each_text_of_a_slice_is(texts: list[str], skipped: int) -> None:
    column = pa.array(texts, pa.large_string()).slice(skipped)
    offsets, data = buffers_of(column)
    assert [text_at(offsets, data, row) for row in range(len(column))] == texts[skipped:]
    assert texts_of(*concatenated([text.encode() for text in texts])).to_pylist() == texts


@given(TEXTS, st.dictionaries(st.integers(0, 5), st.text(), max_size=3))
def test_only_the_changed_rows_change(texts: list[str], changes: dict[int, str]) -> None:
    column = pa.array(["first", *texts], pa.large_string()).slice(1)
    changes = {row: text for row, text in changes.items() if row < len(texts)}
    result = replaced(column, {row: text.encode() for row, text in changes.items()})
    assert result.to_pylist() == [changes.get(row, text) for row, text in enumerate(texts)]
    assert (result is column) == (not changes)


@pytest.mark.parametrize("texts", [[], [""], ["one", "二"]])
def test_buffers_are_read_only_whatever_holds_them(texts: list[str]) -> None:
    """So a kernel has one type of them, and is compiled once."""
    made = texts_of(*(array.copy() for array in concatenated([text.encode() for text in texts])))  # of NumPy's memory
    for column in (pa.array(texts, pa.large_string()), made):
        for array in buffers_of(column):
            assert not array.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        buffers_of(pa.array(["a"], pa.large_string()))[1][0] = 0


def test_a_read_only_view_leaves_its_array_as_it_was() -> None:
    array = np.zeros(3)
    view = read_only(array)
    array[0] = 1
    assert view[0] == 1
    assert not view.flags.writeable

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.corpus.document import Quarantined, new_document
from aurora.corpus.phases import prepare
from aurora.corpus.phases.prepare import batches, exact_hashes
from corpus.sample_texts import text_hash


@given(st.lists(st.text(), max_size=5), st.integers(0, 3))
def test_hashes_are_those_of_each_text_alone(texts: list[str], skipped: int) -> None:
    """Also of a slice of a column, whose buffers begin with the texts before it."""
    column = pa.array(texts, pa.large_string()).slice(skipped)
    assert [int.from_bytes(digest.as_py()) for digest in exact_hashes(column)] == list(map(text_hash, texts[skipped:]))


def test_hashes_are_the_same_on_every_machine() -> None:
    """Which text is held out depends on them."""
    (digest,) = exact_hashes(pa.array([""], pa.large_string())).to_pylist()
    assert digest.hex() == "99aa06d3014798d86001c324468d497f"


def test_batches_end_by_bytes_and_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "BATCH_BYTES", 100)
    monkeypatch.setattr(prepare, "BATCH_DOCUMENTS", 3)
    texts = ["ä" * 30, "ä" * 30, *["a"] * 4, "b" * 250]
    found = list(batches(iter([new_document(text, "en", "web") for text in texts])))
    assert [(len(items), size) for items, size in found] == [(2, 120), (3, 3), (2, 251)]
    assert list(batches(iter([]))) == []


def test_a_document_too_large_is_quarantined_in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "LARGEST_DOCUMENT", 10)
    inputs = [new_document(text, "en", "web", url=text[0]) for text in ("a", "b" * 11, "c")]
    ((items, size),) = batches(iter(inputs))
    assert (items[0], items[2], size) == (inputs[0], inputs[2], 13)
    assert isinstance(items[1], Quarantined)
    assert (items[1].where, items[1].excerpt) == ("b", "b" * 11)

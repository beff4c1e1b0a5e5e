from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from aurora.corpus.kernels.columns import concatenated
from aurora.corpus.kernels.overlap import HEAD, RUN, find_runs, head_hashes, make_runs, run_hashes

WORDS = st.lists(st.sampled_from(["ka", "lo", "mi", "su"]), max_size=60)


def found(documents: list[str], texts: list[str]) -> list[tuple[int, int]]:
    """(document, number of a run) of what is found of the runs of texts."""
    buffers = concatenated([text.encode() for text in texts])
    hashes, owners, tokens, _ = run_hashes(*buffers)
    usable = tokens >= HEAD
    distinct = np.unique(hashes[usable[owners]])
    short = usable & (tokens < RUN)
    runs = make_runs(distinct, head_hashes(*buffers)[short], tokens[short])
    places = find_runs(*concatenated([document.encode() for document in documents]), runs)
    return list(zip(*(place.tolist() for place in places), strict=True))


@settings(deadline=None)  # the first call compiles
@given(WORDS, st.lists(WORDS, min_size=1, max_size=5))
def test_the_runs_found_are_those_that_stand_in_the_document(document: list[str], texts: list[list[str]]) -> None:
    expected = 0
    runs = {
        tuple(text[start : start + min(len(text), RUN)])
        for text in texts
        if len(text) >= HEAD
        for start in range(max(1, len(text) - RUN + 1))
    }
    for start in range(len(document)):
        for length in range(HEAD, RUN + 1):
            expected += start + length <= len(document) and tuple(document[start : start + length]) in runs
    assert len(found([" ".join(document)], [" ".join(text) for text in texts])) == expected


def test_documents_are_told_apart_and_come_in_order() -> None:
    text = "one two three four five"
    places = found(["nothing", f"a {text} b {text}", "", text.upper(), "one two three four"], [text])
    assert [document for document, _ in places] == [1, 1, 3]


def test_more_runs_are_found_than_there_was_room_for() -> None:
    text = " ".join(map(str, range(3000)))
    assert len(found([text], [text])) == 3000 - RUN + 1


def test_nothing_is_found_of_nothing() -> None:
    assert found([], ["one two three four"]) == []
    assert found(["one two three four"], []) == []
    assert found(["one two three four"], [""]) == []

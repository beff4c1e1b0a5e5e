"""Where texts fall into passages, and which stretches of repeated ones are cut."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aurora.corpus.repeats.passages import PASSAGES, passages, runs_of


def cut(text: str) -> list[str]:
    table = passages(pa.array([text], pa.large_string()))
    data = text.encode()
    return [data[row["start"] : row["end"]].decode() for row in table.to_pylist()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One two. Three! Four?\nFive", ["One two. ", "Three! ", "Four?\n", "Five"]),
        ("Version 3.14 of a.b is out. Yes", ["Version 3.14 of a.b is out. ", "Yes"]),
        ("यह एक है। वह दो है॥ तीन", ["यह एक है। ", "वह दो है॥ ", "तीन"]),
        ("これは一。次は二！終", ["これは一。", "次は二！", "終"]),
        ("  \n. lead\ntail", ["lead\n", "tail"]),
        ("... !", []),
        ("", []),
    ],
)
def test_sentences_and_lines_are_passages(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


@given(st.lists(st.text("ab c.。\n!क।"), max_size=6))
@settings(deadline=None)
def test_passages_follow_each_other_to_the_end(texts: list[str]) -> None:
    table = passages(pa.array(texts, pa.large_string()), 5)
    assert table.schema == PASSAGES
    for row, text in enumerate(texts):
        mine = [found for found in table.to_pylist() if found["row"] == row + 5]
        assert all(found["tokens"] > 0 for found in mine)
        assert [found["start"] for found in mine[1:]] == [found["end"] for found in mine[:-1]]
        if mine:
            assert mine[-1]["end"] == len(text.encode())


@given(st.text("abcdefgh. ", max_size=300), st.text("ijklmnop. ", max_size=60))
@settings(deadline=None)
def test_what_stands_before_changes_no_later_passage(text: str, before: str) -> None:
    alone = passages(pa.array([f"Begin. {text}"], pa.large_string()))["key"].to_pylist()
    after = passages(pa.array([f"{before}. Begin. {text}"], pa.large_string()))["key"].to_pylist()
    assert after[len(after) - len(alone) :] == alone


def test_case_and_punctuation_tell_nothing_but_words_do() -> None:
    keys = passages(pa.array(["Hello, big world", "hello big WORLD", "hello world big"], pa.large_string()))["key"]
    assert keys[0] == keys[1] != keys[2]


def test_ways_of_writing_tell_nothing() -> None:
    texts = ["ガイドがＡＢＣを買う。次は क्‍ष है", "ｶﾞｲﾄﾞがABCを買う。次は क्ष है"]
    one, other = (passages(pa.array([text], pa.large_string()))["key"].to_pylist() for text in texts)
    assert one == other
    assert len(one) > 1


def test_a_sentence_without_end_is_cut_where_its_words_say() -> None:
    words = [f"w{number * 7919}" for number in range(3000)]
    pieces = cut(" ".join(words))
    assert 8 < len(pieces) < 60
    assert "".join(pieces) == " ".join(words)
    assert set(cut(" ".join(words[100:]))[1:]) <= set(pieces)


def test_stretches_are_cut_where_they_are_long_enough_and_of_one_document() -> None:
    rows = [0, 0, 0, 0, 1, 1]
    table = pa.table(
        [rows, list(range(6)), [4, 3, 3, 9, 5, 9], [0, 10, 20, 30, 0, 10], [10, 20, 30, 40, 10, 20]], PASSAGES
    )

    def spans(marks: list[int], fewest: int) -> list[tuple[int, int, int]]:
        found = runs_of(np.array(marks, np.bool_), table, fewest)
        return [(row["row"], row["start"], row["end"]) for row in found.to_pylist()]

    assert spans([1, 1, 0, 1, 1, 0], 7) == [(0, 0, 20), (0, 30, 40)]
    assert spans([1, 1, 0, 1, 1, 0], 8) == [(0, 30, 40)]
    assert spans([0, 0, 0, 1, 1, 1], 14) == [(1, 0, 20)]
    assert spans([1] * 6, 10) == [(0, 0, 40), (1, 0, 20)]
    assert spans([0] * 6, 1) == []

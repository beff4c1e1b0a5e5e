"""The characters, tokens and lines of a document, known and beside Python's own."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.corpus.kernels import outline
from aurora.corpus.kernels.batch_statistics import tokens

CHARACTERS = st.characters(exclude_categories=["Cs"])


@given(st.text(CHARACTERS, max_size=20))
def test_characters_are_decoded_as_python_decodes_them(text: str) -> None:
    decode = outline.decode.py_func  # as plain Python: compiled alone it would take a second
    data, at, found = np.frombuffer(text.encode(), np.uint8), 0, []
    while at < len(data):
        point, width = decode(data, at)
        found.append(chr(point))
        at += width
    assert "".join(found) == text


@pytest.mark.parametrize("point", [0, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF])
def test_the_first_and_the_last_of_each_width(point: int) -> None:
    data = np.frombuffer(chr(point).encode(), np.uint8)
    assert outline.decode.py_func(data, 0) == (point, len(data))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        (" \t\n\u3000\u00a0", []),
        ("Don't pay 3.14 or 1,000.", ["Don't", "pay", "3.14", "or", "1,000", "."]),
        ("'quoted' and-or a.b", ["'", "quoted", "'", "and", "-", "or", "a.b"]),
        ("1.a a.1 x' 'y", ["1", ".", "a", "a", ".", "1", "x", "'", "'", "y"]),  # between two letters or two digits
        ("wait... what?!", ["wait", "...", "what", "?", "!"]),
        ("a--b==c", ["a", "--", "b", "==", "c"]),
        ("東京へ行く", ["東", "京", "へ", "行", "く"]),
        ("カード2枚", ["カ", "ー", "ド", "2", "枚"]),
        ("हिन्दी में क्‍ष", ["हिन्दी", "में", "क्‍ष"]),
        ("Sông cái", ["Sông", "cái"]),
        ("e\u0301te\u0301", ["e\u0301te\u0301"]),  # marks belong to their letter
        ("😀😀 😀", ["😀😀", "😀"]),
        ("snake_case __init__", ["snake_case", "__init__"]),
    ],
)  # fmt: skip
def test_tokens_of_every_script(text: str, found: list[str]) -> None:
    assert tokens(text, "und") == found


@given(st.text(CHARACTERS))
def test_tokens_are_the_text_without_its_spaces(text: str) -> None:
    assert "".join(tokens(text, "en")) == "".join(text.split())


@given(st.text(st.characters(categories=["Lu", "Ll", "Nd"], max_codepoint=0x24F), min_size=1))
def test_a_run_of_letters_and_digits_is_one_token(word: str) -> None:
    assert tokens(word, "en") == [word]


@given(st.text(CHARACTERS), st.text(CHARACTERS))
def test_a_space_parts_tokens_and_nothing_reaches_over_it(left: str, right: str) -> None:
    assert tokens(f"{left} {right}", "en") == tokens(left, "en") + tokens(right, "en")


def test_a_symbol_repeats_itself_alone() -> None:
    for character in map(chr, range(0x21, 0x2FF)):
        if unicodedata.category(character)[0] in "PS":
            assert tokens(character * 3 + "!" * (character != "!"), "und")[0] == character * 3

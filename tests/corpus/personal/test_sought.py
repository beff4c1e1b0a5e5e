"""The tables of what the pass looks for: every beginning and ending is in them, and found by its rarest character."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.corpus.personal import sought
from aurora.corpus.personal.beginnings import MOST, Beginning
from aurora.corpus.personal.patterns import sought as ours
from aurora.corpus.personal.sought import (
    AT_SIGN,
    CLASSES,
    DIGIT,
    HYPHEN,
    JOINER,
    KINDS,
    LEAD,
    LETTER,
    PERCENT,
    RARE,
    SKIP,
    UPPER,
    AddressTables,
    sought_for,
)

NOWHERE = AddressTables(np.zeros((0, 1), np.int64), np.zeros((0, 1), np.uint8), np.zeros((0, 3), np.int64))
# As `beginnings` makes them: three to MOST characters of ASCII.
FORMS = st.lists(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=3, max_size=MOST), max_size=12)


@pytest.mark.parametrize(
    ("characters", "kind"),
    [
        ("abz_", LETTER),
        ("AZ", UPPER),
        ("+/", JOINER),
        ("-", HYPHEN),
        ("09", DIGIT),
        ("@", AT_SIGN),
        ("%", PERCENT),
        (" .,:\n\0\x7f", SKIP),
    ],
)
def test_every_byte_is_of_its_class(characters: str, kind: int) -> None:
    assert {int(CLASSES[byte]) for byte in characters.encode()} == {kind}


def test_bytes_that_begin_digits_of_other_scripts_are_looked_at() -> None:
    assert {int(CLASSES["०".encode()[0]]), int(CLASSES["０".encode()[0]])} == {LEAD}
    assert CLASSES.max() < RARE  # so that a rare byte keeps its class


def test_kinds_are_told_by_their_numbers() -> None:
    assert [KINDS[kind] for kind in (sought.AT, sought.DIGITS, sought.COLONS, sought.CODES)] == [
        "at", "digits", "colons", "codes",
    ]  # fmt: skip
    assert [KINDS[kind] for kind in (sought.TOKENS, sought.ASSIGNED, sought.ADDRESSES)] == [
        "tokens", "assigned", "addresses",
    ]  # fmt: skip


def found_at(text: bytes, tables: sought.Sought) -> set[bytes]:
    """The beginnings that a text has, looked for as the pass looks for them."""
    data, found = np.frombuffer(text, np.uint8), set()
    for at in range(1, len(data)):
        if tables.steps[data[at]] < RARE:
            continue
        triple = sought.low_bits.py_func(data.astype(np.int64), 0, at)
        index = int(tables.triples[triple]) - 1
        while 0 <= index < len(tables.facts) and tables.facts[index, 0] == triple:
            _, rarest, length, _, _ = (int(fact) for fact in tables.facts[index])
            characters = bytes(tables.characters[index, :length])
            start = at - rarest
            if start >= 0 and text[start : start + length] == characters:
                found.add(characters)
            index += 1
    return found


@given(FORMS, st.binary(max_size=10))
def test_every_beginning_is_found_wherever_it_stands(forms: list[str], before: bytes) -> None:
    tables = sought_for([Beginning(form, True, 40) for form in forms], [], NOWHERE)
    for form in forms:
        assert form.encode() in found_at(before + form.encode() + b"...", tables)
    assert len(tables.characters) == len(tables.facts)


@given(FORMS)
def test_the_order_of_the_patterns_changes_nothing(forms: list[str]) -> None:
    made = [Beginning(form, True, 40) for form in forms]
    for left, right in zip(sought_for(made, ["ey"], NOWHERE), sought_for(made[::-1], ["ey"], NOWHERE), strict=True):
        if isinstance(left, np.ndarray):
            np.testing.assert_array_equal(left, right)


def test_endings_are_told_by_their_last_two_bytes() -> None:
    ends = sought_for([], ["ey", "rd"], NOWHERE).endings
    assert {bytes(divmod(int(place), 256)) for place in np.flatnonzero(ends)} == {b"ey", b"rd"}


def test_most_bytes_of_ordinary_text_are_passed_over() -> None:
    text = b"Most bytes of ordinary text begin nothing, and are passed over at once by the pass."
    rare = (ours().steps[np.frombuffer(text, np.uint8)] >= RARE).mean()
    assert rare < 0.6
    assert found_at(text, ours()) == set()


def test_a_place_is_written_where_there_is_room_and_counted_where_there_is_none() -> None:
    places, owners = np.zeros((1, 3), np.int64), np.zeros(1, np.int64)
    put = sought.put.py_func
    assert put(places, owners, 0, 7, sought.AT, 3, 5) == 1
    assert put(places, owners, 1, 8, sought.DIGITS, 6, 9) == 2
    assert (places.tolist(), owners.tolist()) == ([[sought.AT, 3, 5]], [7])


@given(st.integers(0, 255))
def test_words_are_of_letters_digits_and_underscores(byte: int) -> None:
    known = chr(byte).isascii() and (chr(byte).isalnum() or chr(byte) == "_")
    assert bool(sought.is_word.py_func(byte)) == known

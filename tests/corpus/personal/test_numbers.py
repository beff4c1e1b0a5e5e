"""Runs of digits: how they may be written, and what is too short, too long or part of a name."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.corpus.personal import numbers
from corpus.personal.placing import places, places_of

SPACES = " \u00a0\u2000\u2007\u200a\u202f\u205f\u3000"
SEPARATORS = [*"()-.+/", *SPACES, *"‐‑‒–—―−─━（）－．ｰ﹣ー"]


def widths(helper: object, character: str) -> int:
    """What a helper, as plain Python, says of the bytes of a character with others after it."""
    data = np.frombuffer(character.encode() + b"xxx", np.uint8)
    return int(helper.py_func(data, 0, len(data)))  # type: ignore[attr-defined]


@given(st.characters(exclude_categories=["Cs"]))
def test_digits_are_those_of_ascii_devanagari_and_full_width(character: str) -> None:
    known = character in "0123456789०१२३४५६७८९０１２３４５６７８９"
    assert widths(numbers.digit_width, character) == (len(character.encode()) if known else 0)


@given(st.characters(exclude_categories=["Cs"]))
def test_a_space_has_its_bytes_and_nothing_else_is_one(character: str) -> None:
    known = character in SPACES or "\u2000" <= character <= "\u200a"
    assert widths(numbers.space_width, character) == (len(character.encode()) if known else 0)


@pytest.mark.parametrize("mark", [b"\xe0\xa5", b"\xef\xbc", b"\xe2\x80", b"\xe3", b"\xc2"])
def test_a_character_that_a_document_cuts_has_no_width(mark: bytes) -> None:
    data = np.frombuffer(mark, np.uint8)
    assert numbers.digit_width.py_func(data, 0, len(data)) == 0
    assert numbers.space_width.py_func(data, 0, len(data)) == 0


@pytest.mark.parametrize("separator", SEPARATORS)
def test_a_separator_and_two_stand_within_a_number_and_three_end_it(separator: str) -> None:
    for between in (separator, 2 * separator):
        assert places_of(f"call 040{between}123{between}4567 now", "digits") == [f"040{between}123{between}4567"]
    assert places_of(f"call 0401234567{3 * separator}89 now", "digits") == ["0401234567"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("123456", []),
        ("1234567", ["1234567"]),
        ("1234567.5", []),  # a decimal
        ("1.2.3.4", ["1.2.3.4"]),  # an address of a network needs fewer digits
        ("1.2.3", []),
        ("x1234567", []),
        ("_1234567", []),
        ("tel1234567", ["1234567"]),
        ("Fax1234567", ["1234567"]),
        ("hotel1234567", ["1234567"]),  # only the three letters before it are looked at
        ("131052-308T", ["131052-308"]),
        ("131052A308T", ["131052A308T"]),
        ("131052A30", []),
        ("12345678.", ["12345678"]),
        ("(09) 123 4567)", ["09) 123 4567"]),
    ],
)
def test_a_run_is_told_by_how_many_digits_and_what_is_before_it(text: str, found: list[str]) -> None:
    assert places_of(text, "digits") == found


def test_a_table_of_numbers_is_many_places_that_leave_no_digit_out() -> None:
    found = places_of(" ".join("7" * 95), "digits")
    assert [place.count("7") for place in found] == [40, 40, 15]
    assert places_of("7" * 95, "digits") == ["7" * 40]  # one number, longer than any that is looked for


@given(st.lists(st.sampled_from([*"0123456789０९", *SEPARATORS, "a", "_"]), max_size=30).map("".join))
def test_a_place_begins_and_ends_with_a_digit_and_has_seven_or_four_octets(text: str) -> None:
    for _, kind, place in places(text):
        if kind == "digits":
            digits = [character for character in place.decode() if character.isdigit()]
            assert len(digits) >= 7 or place.count(b".") + place.decode().count("．") >= 3
            assert place.decode()[0].isdigit()
            assert place.decode()[-1].isdigit() or len(digits) == 9  # an identity code ends with a letter

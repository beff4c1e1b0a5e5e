"""Runs of letters and digits: what has the form of an account, a code, an address or an assigned secret."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.corpus.personal.codes import SHORTEST_TOKEN
from corpus.personal.placing import places, places_of

SECRET = "zX81kQp0Lm37vTy92bNc"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("FI2112345600000785", ["FI2112345600000785"]),
        ("pay fi21 1234 5600 0007 85, please", ["fi21 1234 5600 0007 85"]),
        ("DE89-3704-0044-0532-0130-00.", ["DE89-3704-0044-0532-0130-00"]),
        ("FI21  1234 5600 0007 85", []),  # two spaces in a row part what is before them
        ("F121123456000007", []),
        ("FIX112345600000785", []),
        ("FI21123456000", []),  # too short
        ("FI21" + "A1" * 40, ["FI21" + "A1" * 15]),  # no account is longer than 34 characters
        ("ABCDE1234F", ["ABCDE1234F"]),  # five capitals, digits, a letter, as codes of people
        ("ABCDe1234F", []),
        ("ABCDE12345F", []),
        ("abcde1234f", []),
    ],
)
def test_accounts_and_codes_are_told_by_their_form(text: str, found: list[str]) -> None:
    assert places_of(text, "codes") == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2001:db8:0:0:0:0:0:1", ["2001:db8:0:0:0:0:0:1"]),
        ("[2001:db8::1]:443", ["2001:db8::1"]),
        ("3fff::", ["3fff::"]),
        ("2001:db8:0:0:0:0:1", []),  # seven groups and no `::`
        ("2001::db8::1", []),  # `::` twice
        ("20:15", []),
        ("1001:db8::1", []),  # not of the public internet
        ("2001:db8::xyz", ["2001:db8::"]),
    ],
)
def test_network_addresses_are_told_by_their_colons(text: str, found: list[str]) -> None:
    assert places_of(text, "colons") == found


@pytest.mark.parametrize(
    "text",
    [
        "password = '{}'",
        'api_key: "{}"',
        "SECRET={}",
        "auth_token => '{}'",
        "token := {}",
        '"apiKey": "{}"',
        "pwd    =    '{}'",
        "password=prefix.{}",
        "https://host/?token={}",
    ],
)
def test_what_is_assigned_to_a_name_of_secrets_is_a_place(text: str) -> None:
    assert any(place.endswith(SECRET) for place in places_of(text.format(SECRET), "assigned"))


@pytest.mark.parametrize(
    "text",
    [
        "colour = '{}'",  # not a name of secrets
        "password '{}'",  # nothing assigns
        "password      = '{}'",  # more white space than anybody writes
        "password != {}",
        "{}",
        "= {}",
    ],
)
def test_what_is_not_assigned_to_one_is_none(text: str) -> None:
    assert places_of(text.format(SECRET), "assigned") == []


@given(st.text("abAB12_+/-", min_size=1, max_size=40))
def test_an_assigned_token_is_long_enough_and_has_letters_and_digits(value: str) -> None:
    for place in places_of(f"password = '{value}'", "assigned"):
        assert place == value
        assert len(place) >= SHORTEST_TOKEN
        assert any(character.isdigit() for character in place)
        assert any(character.isalpha() or character == "_" for character in place)


def test_a_token_is_not_looked_for_over_the_border_of_a_document() -> None:
    assert "assigned" not in [kind for _, kind, _ in places("password = '", SECRET)]
    assert places("password = 'abcd1", "efghijklmnopqrst") == []

"""Personal data in a language's file: what a number follows from, and addresses that can be found and invented."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from aurora.languages.personal_data import LONGEST_WORD, PersonalData

TYPE = {"placeholder": "<NATIONAL_ID>", "fake": "digits"}
PATTERN = {"type": "phone", "kind": "digits", "pattern": r"\d{7}", "example": "1234567"}
ADDRESSES = {"fake": "Dømisgøta {0}"}


def with_pattern(**more: Any) -> dict[str, Any]:
    return {"patterns": [PATTERN | more]}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"types": {"id": TYPE | {"placeholder": "NATIONAL_ID"}}}, "placeholder"),
        ({"types": {"id": TYPE | {"placeholder": "<national id>"}}}, "placeholder"),
        ({"types": {"id": TYPE | {"fake": "random"}}}, "fake"),
        (with_pattern(pattern=""), "at least 1 character"),
        (with_pattern(kind="numbers"), "Input should be 'at', 'digits'"),
        (with_pattern(kind="addresses"), "addresses: patterns of kind addresses need this table"),
        (with_pattern(remainder={"modulus": 1}), "greater than or equal to 2"),
        (with_pattern(remainder={"modulus": 3, "characters": "ab"}), "characters: 2 characters for 3 remainders"),
        ({"addresses": {"fake": "Dømisgøta"}}, "fake"),
        ({"addresses": {"fake": "Dømisgøta {0} {0}"}}, "fake"),
        ({"addresses": ADDRESSES | {"words": ["gata"]}}, "words: 'gata' must be in lower case, .* not of ASCII"),
        ({"addresses": ADDRESSES | {"words": ["Gøta"]}}, "words: 'Gøta' must be in lower case"),
        ({"addresses": ADDRESSES | {"words": ["ø" * (LONGEST_WORD // 2) + "a"]}}, "of at most 24 bytes"),
        ({"addresses": ADDRESSES | {"ends": [{"after": ["abc"]}]}}, "at most 2 characters"),
        ({"addresses": ADDRESSES | {"ends": [{"before": ["a", "b", "c", "d", "e"]}]}}, "at most 4 items"),
    ],
)
def test_what_could_not_be_found_or_invented_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        PersonalData.model_validate(given)


def test_a_number_a_street_and_their_limits_can_be_told() -> None:
    found = PersonalData.model_validate(
        {
            "types": {"id": TYPE},
            "patterns": [
                PATTERN | {"remainder": {"modulus": 11, "weights": [2, 3], "characters": "0123456789X"}},
                PATTERN | {"kind": "addresses", "pattern": r"[a-zø]+gøta \d+"},
            ],
            "addresses": ADDRESSES | {"words": ["ø" * (LONGEST_WORD // 2)]},
        }
    )
    assert found.patterns[0].texts is None  # so it is looked for in texts of this language
    assert found.addresses is not None
    assert found.addresses.fake.format(7) == "Dømisgøta 7"

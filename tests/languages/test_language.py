"""What a language's file may say: words as texts are compared, expressions that can be read, and one tag."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from aurora.languages.language import Language, Phrases


def language(**more: Any) -> Language:
    return Language.model_validate({"language": "fo", "name": "Faroese", "own_name": "føroyskt"} | more)


def test_three_keys_make_a_language() -> None:
    """Whatever the others would say is that of `default`, or is not known."""
    found = language()
    assert found.spaced
    assert (found.sentences, found.refusals, found.thresholds.values(), found.phrases.values()) == (None, None, {}, {})


@pytest.mark.parametrize("written", ["fo", "FO", "fao", "fao_Latn"])
def test_its_code_is_its_tag_however_it_is_written(written: str) -> None:
    assert language(language=written).language == "fo"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"language": "Faroese"}, "'Faroese' is not a language label"),
        ({"name": ""}, "at least 1 character"),
        ({"stopwords": "og"}, "Extra inputs are not permitted"),
        ({"assistant_phrases": ["Eg eri"]}, "'Eg eri' must be in lower case, and of at least two bytes"),
        ({"phrases": {"policy": ["x"]}}, "'x' must be in lower case, and of at least two bytes"),
        ({"messages": {"letters": "[a-"}}, r"'\[a-' is not a regular expression"),
        ({"latin_words": ["(og"]}, r"'\(og' is not a regular expression"),
        ({"look_alikes": {"ab": "c"}}, "at most 1 character"),
        ({"refusals": {"declining": []}}, "at least 1 item"),
        ({"refusals": {"declining": ["x"], "courtesy": ["*"]}}, "is not a regular expression"),
    ],
)
def test_what_would_never_match_is_refused(more: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        language(**more)


def test_one_letter_of_two_bytes_is_a_phrase() -> None:
    assert language(assistant_phrases=["ð"]).assistant_phrases == ["ð"]


def test_kinds_of_phrases_without_any_leave_those_of_default() -> None:
    assert Phrases(filler=["lorem"], script=[]).values() == {"filler": ["lorem"]}

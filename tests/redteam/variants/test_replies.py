"""Lists in the replies of models, however they write them."""

from __future__ import annotations

import pytest

from aurora.redteam.variants.replies import texts_of


@pytest.mark.parametrize(
    ("reply", "texts"),
    [
        ('["a b", "c"]', ["a b", "c"]),
        ('Here it is:\n```json\n["a",\n "b "]\n```', ["a", "b"]),
        ("1. first\n2) “second”\n- third\n* first", ["first", "second", "third"]),
        ('["line\\nbreak", 3, null, " "]', ["line break"]),
        ('["half \\ud83d", "bell \\u0007", "whole"]', ["whole"]),
        ("I cannot do that.", []),
        ("[not json", []),
        ('{"a": [1]}', []),
        ("[" * 100_000 + "]", []),
        ("", []),
    ],
    ids=["json", "fenced", "numbered", "others", "letters", "prose", "broken", "object", "deep", "nothing"],
)
def test_the_texts_of_a_reply(reply: str, texts: list[str]) -> None:
    assert texts_of(reply, 10) == texts


def test_no_more_than_were_asked_for() -> None:
    assert texts_of('["a", "b", "c"]', 2) == ["a", "b"]

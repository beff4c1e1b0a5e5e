from __future__ import annotations

import pytest

from aurora.evaluation.scorer.stopping import Ending, before
from byte_text import of_bytes

TEXT = of_bytes()


def written(text: str, *until: str, longest: int = 99) -> tuple[str, int]:
    """An answer that would go on as `text`, and how many of its tokens were needed."""
    ending = Ending(TEXT.tokenizer, frozenset(TEXT.stops), until, longest)
    ids = [*TEXT.encode(text), TEXT.end, *TEXT.encode("more")]
    for number, token in enumerate(ids, 1):
        if ending.ends(token):
            return ending.text, number
    raise AssertionError("it does not end")


@pytest.mark.parametrize(
    ("text", "until", "expected", "tokens"),
    [
        ("an answer", (), "an answer", 10),
        ("an answer\n\nQ: more", ("\n\n",), "an answer", 11),
        ("one two three", ("three", "two"), "one ", 7),
        ("はい。次", ("。",), "はい", 9),
        ("stop", ("stop",), "", 4),
        ("text", ("",), "text", 5),
    ],
    ids=["id", "text", "first-of-two", "character-of-three-tokens", "at-once", "empty"],
)
def test_an_answer_ends_at_the_first_stop(text: str, until: tuple[str, ...], expected: str, tokens: int) -> None:
    assert written(text, *until) == (expected, tokens)


def test_an_answer_ends_at_its_longest_length() -> None:
    assert written("abcdefgh", longest=3) == ("abc", 3)
    assert written("abXdefgh", "X", longest=3) == ("ab", 3)


def test_before() -> None:
    assert before("a b c", ["c", "b"]) == "a "
    assert before("a b c", ["x", ""]) == "a b c"

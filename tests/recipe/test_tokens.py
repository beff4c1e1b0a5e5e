"""The `tokens` table: one tokenizer, what only a published one can have, and how a prompt is written."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from aurora.recipe.tokens import FORMATS, Tokens

ADOPTED = {"far/fi": {"path": "shards/fi", "license": "CC0-1.0"}}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "give exactly one of `train` and `path`"),
        ({"train": {}, "path": "x"}, "give exactly one of `train` and `path`"),
        ({"train": {}, "extend": {"languages": ["fi"]}}, "`extend` needs `path`: a tokenizer to extend"),
        ({"train": {}, "revision": "abc"}, "`revision` needs `path`: the hub model that it is of"),
        ({"train": {}, "adopt": ADOPTED}, "`adopt` needs `path` without `extend`"),
        ({"path": "x", "extend": {"languages": ["fi"]}, "adopt": ADOPTED}, "`adopt` needs `path` without `extend`"),
        ({"path": "x", "extend": {"languages": []}}, "at least 1 item"),
        ({"train": {"vocabulary": 299}}, "greater than or equal to 300"),  # 256 bytes and the special tokens
        ({"path": "x", "infilling": {"web/fi": {"rate": 0}}}, "greater than 0"),
        ({"path": "x", "infilling": {"web": {}}}, "'web' is not SOURCE/LANGUAGE"),
        ({"path": "x", "loss": {"web/fi": "all", "web/fin_Latn": "last"}}, "two of web/fi, web/fin_Latn are the same"),
        ({"path": "x", "loss": {"web/fi": "first"}}, "Input should be 'answers', 'last' or 'all'"),
    ],
)
def test_what_does_not_go_together_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Tokens.model_validate(given)


def test_stores_are_named_by_the_tag_of_their_language() -> None:
    assert list(Tokens.model_validate({"path": "x", "adopt": {"far/fin_Latn": ADOPTED["far/fi"]}}).adopt) == ["far/fi"]


@pytest.mark.parametrize("style", [None, *FORMATS, "Q: {prompt}\nA: "])
def test_a_format_is_a_known_one_or_has_the_prompt_in_it(style: str | None) -> None:
    assert Tokens(path="x", format=style).format == style


@pytest.mark.parametrize("style", ["", "none", "Q: {question}", "{prompt} and again {prompt}"])
def test_a_format_without_the_prompt_or_with_it_twice_is_refused(style: str) -> None:
    with pytest.raises(
        ValidationError, match=r"give one of aurora, chatml, alpaca, or a text with {prompt} in it once"
    ):
        Tokens(path="x", format=style)

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aurora.tokens.formats import format_prompt


def test_the_format_is_auroras() -> None:
    assert format_prompt("Why?") == "### Instruction:\nWhy?\n### Response:\n"


@given(st.text())
def test_a_prompt_stands_in_it_as_it_is(prompt: str) -> None:
    assert format_prompt(prompt) == "### Instruction:\n" + prompt + "\n### Response:\n"


def test_braces_are_text() -> None:
    assert "{prompt} {0} {" in format_prompt("{prompt} {0} {")

"""Folding keeps places: a character for a character."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.corpus.personal.folded_text import folded, folder, narrowed


@given(st.text(max_size=60))
def test_a_place_in_the_folded_text_is_the_place_in_the_text(text):
    assert len(folded(text)) == len(narrowed(text)) == len(text)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("९८७६५", "98765"),
        ("０３－１２３４", "03-1234"),
        ("090ー1234", "090-1234"),
        ("1\u00a0234", "1 234"),
        ("ラー", "ラー"),
    ],
)
def test_digits_hyphens_and_spaces_are_those_of_ascii(text, seen):
    assert folded(text) == seen


def test_a_dash_is_none_in_mail_and_secrets():
    assert folder("at")("a–b＠例.jp") == "a–b@例.jp"
    assert folder("digits")("1–2") == "1-2"

"""Shingles: five tokens in a row, a character where words are not spaced."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aurora.corpus.shingles import WIDTH, shingle_hashes, tables


def shingles(text):
    data = np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)
    out = np.zeros(len(data) + 1, np.uint32)
    return out[: shingle_hashes(data, 0, len(data), *tables(), out)].tolist()


def test_a_text_of_n_words_has_n_less_four():
    assert len(shingles("one two three four five six seven")) == 7 - WIDTH + 1


def test_each_shingle_depends_on_its_five_tokens_alone():
    whole = shingles("a b c d e f g h i j")
    assert shingles("x y z d e f g h i j")[3:] == whole[3:]
    assert len(set(whole)) == len(whole)


def test_the_order_of_words_tells():
    assert shingles("a b c d e") != shingles("b a c d e")


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("Hei, maailma! Tämä on TESTI nyt.", "hei maailma tämä on testi nyt"),
        ("नमस्ते, दुनिया। यह एक परीक्षा है", "नमस्ते दुनिया यह एक परीक्षा है"),
        ("これは、試験です。はい", "これは試験です はい"),
    ],
)
def test_case_punctuation_and_spacing_tell_nothing(text, same):
    assert shingles(text) == shingles(same)


def test_a_character_of_an_unspaced_script_is_a_token():
    assert len(shingles("これは試験です")) == 7 - WIDTH + 1
    assert len(shingles("ภาษาไทย")) == 7 - WIDTH + 1


def test_marks_stay_in_their_word():
    assert len(shingles("हिन्दी में लिखा हुआ पाठ")) == 1


def test_a_short_text_is_one_shingle_and_an_empty_one_none():
    assert len(shingles("two words")) == 1
    assert shingles("two words") != shingles("other words")
    assert shingles("") == shingles("... !?") == []


@given(st.text())
@settings(deadline=None)  # the first one compiles
def test_any_text_has_as_many_shingles_as_its_tokens_allow(text):
    kinds, _ = tables()
    tokens, inside = 0, False
    for character in text:
        kind = kinds[ord(character)] if ord(character) < len(kinds) else 0
        tokens += kind == 2 or (kind == 1 and not inside)
        inside = kind == 1
    assert len(shingles(text)) == max(min(tokens, 1), tokens - WIDTH + 1)

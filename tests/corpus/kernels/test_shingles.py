"""Shingles: five tokens in a row, a character where words are not spaced."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aurora.corpus.kernels.shingles import ALONE, JOINS, MARKS, PARTS, VANISHES, WIDTH, shingle_hashes, tables


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


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("駅で ABC 123 のガイドがパンを買う", "駅で ＡＢＣ　１２３ のｶﾞｲﾄﾞがﾊﾟﾝを買う"),
        ("क्ष विद्यालय रोज़ रात नौ बजे तक", "क्\u200dष विद्\u200cयालय रोज़ रात नौ बजे तक"),
        ("thư viện gần ga chỉ mở cửa", unicodedata.normalize("NFD", "thư viện gần ga chỉ mở cửa")),
        ("hòa bình của thủy thủ và hóa học", "hoà bình của thuỷ thủ và hoá học"),
        ("السلام عليكم ورحمة الله وبركاته", "ﺍﻟﺴﻼﻡ عليكم ورحمة الله وبركاته"),
        ("السلام عليكم ورحمة الله وبركاته", "الســـلام عليكم ورحمة اللـه وبركاته"),
        ("the office finds extraordinary flags here", "the oﬃce ﬁnds extra\u00adordinary ﬂags he\u2060re"),
        (
            "여러분 모두 반갑습니다 네 네",
            unicodedata.normalize("NFD", "여러분 모두 반갑습니다 네 네"),
        ),
        ("葛飾区の道を歩く", "葛\U000e0100飾区の道を歩く"),
        ("ΣΊΣΥΦΟΣ STRASSE two three four five", "σίσυφος straße two three four five"),
    ],
)
def test_ways_of_writing_tell_nothing(text, same):
    assert shingles(text) == shingles(same) != []


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("はばはばはば", "はははははは"),
        ("कि की कु कू के कै", "कि कि कि कि कि कि"),
        ("má mà mả mã mạ ma", "ma ma ma ma ma ma"),
        ("x² x³ x⁴ x⁵ x⁶", "x³ x³ x⁴ x⁵ x⁶"),
    ],
)
def test_marks_and_numbers_tell(text, other):
    assert shingles(text) != shingles(other)


def test_a_character_of_an_unspaced_script_is_a_token():
    assert len(shingles("これは試験です")) == 7 - WIDTH + 1
    assert len(shingles("ภาษาไทย")) == 7 - WIDTH + 1
    assert len(shingles("ที่นี่ดีมาก")) == 6 - WIDTH + 1  # its marks are no tokens


def test_marks_stay_in_their_word():
    assert len(shingles("हिन्दी में लिखा हुआ पाठ")) == 1


def test_a_short_text_is_one_shingle_and_an_empty_one_none():
    assert len(shingles("two words")) == 1
    assert shingles("two words") != shingles("other words")
    assert shingles("") == shingles("... !?") == []


@given(st.text())
@settings(deadline=None)  # the first one compiles
def test_any_text_has_as_many_shingles_as_its_tokens_allow(text):
    kinds = tables().kinds
    tokens, opened = 0, PARTS
    for character in text:
        code = ord(character)
        kind = kinds[code] if code < len(kinds) else VANISHES if 0xE0000 <= code < 0xE1000 else PARTS
        if kind != VANISHES and not (kind == MARKS and opened != PARTS):
            tokens += kind == ALONE or (kind in (JOINS, MARKS) and opened != JOINS)
            opened = JOINS if kind == MARKS else kind
    assert len(shingles(text)) == max(min(tokens, 1), tokens - WIDTH + 1)

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aurora.corpus.normalise import normalise

# Characters that the rules treat specially, so that hypothesis meets them side by side.
SPECIAL = " \t\r\n\x00\x0b\x0c\x85\xa0\xad\u200b\u200c\u200d\u200e\u2028\u3000\ufeffa\u0301क्षہ\u0958👩"
TEXTS = st.one_of(st.text(st.characters()), st.text(st.sampled_from(SPECIAL), max_size=40))


@given(TEXTS, st.sampled_from(["en", "hi", "ja", "und", "code"]))
@example("\ud800 a\r\n\x00", "en")
@example("a\r\x00\nb", "en")
@example("a\r\x00\nb", "code")
@example("क\u200d\xad\u200dx", "hi")
@example("a \n\u2003\n\n\n b", "en")
def test_twice_is_once_and_nothing_raises(text: str, lang: str) -> None:
    once = normalise(text, lang)
    assert normalise(once, lang) == once


@given(st.text(st.characters(categories=["L", "N", "P", "S"])))
def test_no_visible_character_is_lost(text: str) -> None:
    assert normalise(text, "en") == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize(
    ("text", "lang", "expected"),
    [
        ("cafe\u0301", "en", "café"),
        ("か\u3099", "ja", "が"),
        ("a\r\nb\rc\u2028d", "en", "a\nb\nc\nd"),
        ("one\x0ctwo\x85three", "en", "one\ntwo\nthree"),
        ("a  \n\n\n\n\nb\u3000\n", "ja", "a\n\nb"),
        ("\ufeffsoft\u00adware\u200b \u202eis\u202c", "en", "software is"),
        ("क्\u200dष", "hi", "क्\u200dष"),
        ("می\u200cخواهم", "fa", "می\u200cخواهم"),
        ("👩\u200d🔬 ❤️\u200d🔥 x\u200d👩", "en", "👩\u200d🔬 ❤️\u200d🔥 x👩"),
        ("in\u200dvisible\u200c क\u200d ", "hi", "invisible क"),
        ("  x = 1\n\n\n\n\ty = 'e\u0301\u200b'  \n", "code", "  x = 1\n\n\n\n\ty = 'e\u0301\u200b'  \n"),
        ("a\x00b\x1b\r\n", "code", "ab\n"),
    ],
)
def test_rules(text: str, lang: str, expected: str) -> None:
    assert normalise(text, lang) == expected

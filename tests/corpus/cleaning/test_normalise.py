from __future__ import annotations

import unicodedata

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aurora.corpus.cleaning.normalise import normalise, normalise_batch

# Characters that the rules treat specially, so that hypothesis meets them side by side.
SPECIAL = " \t\r\n\x00\x0b\x0c\x85\xa0\xad\u200b\u200c\u200d\u200e\u2028\u3000\ufeffa\u0301क्षہ\u0958👩"
TEXTS = st.one_of(st.text(st.characters()), st.text(st.sampled_from(SPECIAL), max_size=40))


@given(TEXTS, st.sampled_from(["en", "hi", "ja", "und", "code"]))
@example("\ud800 a\r\n\x00", "en")
@example("a\r\x00\nb", "en")
@example("a\r\x00\nb", "code")
@example("क\u200d\xad\u200dx", "hi")
@example("a \n\u2003\n\n\n b", "en")
@example("\u094d\u0300\u200c\u0900", "en")
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


# Letters and marks that compose, reorder or do neither; Hangul; a letter of Bengali whose second half is no mark.
MARKS = "aeé\u0301\u0323\u0316ệकनऩऱ\u093c\u094d\u0951か\u3099が\u309a\uac00\u11a8"
MARKS += "\u1100\u1161\u09c7\u09be\u0344\u0345\u200b\u200d字"
DOCUMENTS = st.tuples(
    st.one_of(
        TEXTS, st.text(st.sampled_from(SPECIAL + "\n\n"), max_size=12), st.text(st.sampled_from(MARKS), max_size=8)
    ),
    st.sampled_from(["en", "hi", "und", "code"]),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(DOCUMENTS, max_size=8))
@example([("ऱ\u094d", "hi"), (" a\u2003\n\n\n", "en"), ("\u0323\u0301", "en"), ("a\x0c\r\r\nb\u2028", "code")])
@example(
    [("a\u0323\u200b\u0301", "en"), ("é\u0316", "en"), ("e\u0316\u200b\u0301", "en"), ("क\u200b\u200d\u200bष", "hi")]
)
def test_a_batch_is_normalised_as_its_texts_are(documents: list[tuple[str, str]]) -> None:
    documents = [(text.encode(errors="ignore").decode(), lang) for text, lang in documents]
    column = pa.array(["out of sight ", *(text for text, _ in documents)], pa.large_string()).slice(1)
    found = normalise_batch(column, [lang for _, lang in documents])
    assert found.to_pylist() == [normalise(text, lang) for text, lang in documents]

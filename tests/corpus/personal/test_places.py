"""The pass over the bytes: which places it names, and that no input makes it read or write outside."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.corpus.personal import places as module
from aurora.corpus.personal.addresses import address_languages
from aurora.corpus.personal.patterns import sought
from aurora.corpus.personal.places import KINDS, scan
from aurora.languages import lookup
from corpus.personal.placing import places


@pytest.mark.parametrize(
    ("text", "kind", "place"),
    [
        ("a@b.example", "at", "@"),
        ("電話03-1234-5678まで", "digits", "03-1234-5678"),
        ("फ़ोन ९८७६५ ४३२१०।", "digits", "९८७६५ ४३२१०"),
        ("電話０３－１２３４－５６７８", "digits", "０３－１２３４－５６７８"),
        ("at 8.8.8.8 now", "digits", "8.8.8.8"),
        ("131052A308T", "digits", "131052A308T"),
        ("[2001:4860:4860::8888]", "colons", "2001:4860:4860::8888"),
        ("GB82 WEST 1234 5698 7654 32", "codes", "GB82 WEST 1234 5698 7654 32"),
        ("gb82 west 1234 5698 7654 32", "codes", "gb82 west 1234 5698 7654 32"),
        ("GB82\u00a0WEST\u00a01234\u00a05698", "codes", "GB82\u00a0WEST\u00a01234\u00a05698"),
        ("電話090ー1234ー5678", "digits", "090ー1234ー5678"),
        ("９１．４３．８２．１３７", "digits", "９１．４３．８２．１３７"),
        ("a%40b.example", "at", "%40"),
        ("key = '0123456789abcdef'", "assigned", "0123456789abcdef"),
        ("-----BEGIN PRIVATE KEY-----", "tokens", "-----BEGIN PRIVATE KEY-----"),
        ("SG.", "tokens", "SG."),
        ("say AKIA", "tokens", "AKIA"),
    ],
)
def test_a_shape_is_a_place(text, kind, place):
    assert (0, kind, place.encode()) in places(text)


@pytest.mark.parametrize(
    "text", ["", "Plain words, 12 of them.", "pi is 3.14159265", "@decorator", "f(x) @ g", "std::a"]
)
def test_ordinary_text_has_no_places(text):
    assert places(text) == []


@pytest.mark.parametrize("text", ["disk-based", "a_hf_x", "task_live_", "XAKIA", "aSG.", "glpa"])
def test_beginnings_of_secrets_begin_words(text):
    assert places(text) == []


def test_addresses_are_looked_for_in_their_language_alone():
    text = "Elonpolku 95, 11777 Miehikkälä"
    assert (0, "addresses", b"11777") in places(text, lang="fi")
    assert places(text, lang="vi") == []


def test_a_place_never_reaches_over_its_document():
    assert places("1234", "5678901") == [(1, "digits", b"5678901")]


def test_arrays_that_can_be_written_to_are_no_reason_to_compile_once_more():
    data = np.frombuffer(b"a@b.example", np.uint8)
    for one in (data, data.copy()):
        found, _ = scan(np.array([0, len(data)]), one, np.zeros(1, np.uint8), sought())
        assert found.tolist() == [[KINDS.index("at"), 1, 2]]
    assert len(module._scan.signatures) == 1


def test_more_places_than_room_are_all_found():
    assert len(places("a@b " * 5000)) == 5000


def assert_inside(pieces, lang):
    """That every place of these documents lies in its own."""
    ends = np.cumsum([0, *map(len, pieces)]).astype(np.int64)
    data = np.frombuffer(b"".join(pieces), np.uint8)
    codes = np.full(len(pieces), address_languages().get(lang, 0), np.uint8)
    found, owners = scan(ends, data, codes, sought())
    for (_, start, end), owner in zip(found, owners, strict=True):
        assert ends[owner] <= start < end <= ends[owner + 1]


@given(st.lists(st.binary(max_size=40), max_size=4), st.sampled_from(["und", *lookup.codes()]))
def test_any_bytes_give_places_inside_their_document(pieces, lang):
    assert_inside(pieces, lang)


marks = st.sampled_from(["1", "12345", "-", ".", "@", "A", "a", ":", " ", "०", "５", "xã ", "GB", "-----BEGIN"])


@given(st.lists(st.lists(marks, max_size=20).map("".join), max_size=3), st.sampled_from(["en", "fi", "hi", "ja", "vi"]))
def test_shapes_cut_short_stay_inside(texts, lang):
    assert_inside([text.encode() for text in texts], lang)

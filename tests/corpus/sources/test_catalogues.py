from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.corpus.sources.catalogues import Message, domain_of, language_of, read_catalogue
from corpus.sources.small_wheels import mo_bytes

TEXT = st.text(st.characters(exclude_characters="\0\x04", exclude_categories=["Cs"]), min_size=1)


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("django/conf/locale/fi/LC_MESSAGES/django.po", "fi"),
        ("thonny/locale/hi_IN/LC_MESSAGES/thonny.mo", "hi"),
        ("pack/locale/ja_JP/LC_MESSAGES/jupyterlab.json", "ja"),
        ("openstack_dashboard/locale/mai/LC_MESSAGES/django.po", "mai"),
        ("app/locale/sr@latin/LC_MESSAGES/app.mo", "sr-Latn"),
        ("app/locale/sr/LC_MESSAGES/app.mo", "sr"),
        ("app/locale/zh_TW/LC_MESSAGES/app.mo", "zh-Hant"),
        ("app/locale/pt_PT/LC_MESSAGES/app.mo", "pt"),
        ("app/locale/iw/LC_MESSAGES/app.mo", "he"),
        ("app/locale/xx/LC_MESSAGES/app.mo", None),
        ("hass_frontend/static/translations/vi-71e2aee52bb567996312eb08d4162da0.json", "vi"),
        ("homeassistant/components/abode/translations/zh-Hans.json", "zh-Hans"),
        ("airflow/ui/public/i18n/locales/hi/common.json", "hi"),
        ("static/messages_vi.json", "vi"),
        ("static/messages/api.json", None),  # three letters that are no language
        ("locale-data/intl-datetimeformat/fi.json", None),  # dates and currencies, not messages
        ("app/translations/countries/fi.json", None),
        ("app/data/fi.json", None),
        ("app/locale/fi/LC_MESSAGES/django.txt", None),
    ],
)
def test_the_path_says_the_language(path: str, language: str | None) -> None:
    assert language_of(path) == language


def test_translations_of_the_same_messages_share_a_domain() -> None:
    assert domain_of("a/locale/fi/LC_MESSAGES/x.po") == domain_of("a/locale/ja_JP/LC_MESSAGES/x.po")
    assert domain_of("a/locale/fi/LC_MESSAGES/x.po") != domain_of("a/locale/fi/LC_MESSAGES/y.po")


@given(st.dictionaries(TEXT, TEXT), st.sampled_from("<>"))
def test_what_was_written_to_mo_is_read(messages: dict[str, str], order: str) -> None:
    found = read_catalogue("x.mo", mo_bytes(messages, order))
    assert {message.original: message.translation for message in found} == messages


@given(st.binary() | st.binary().map(lambda rest: b"\xde\x12\x04\x95" + rest))
def test_broken_mo_is_refused_in_one_way(content: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert all(isinstance(message, Message) for message in read_catalogue("x.mo", content))


@given(st.integers(0, 200))
def test_a_cut_mo_gives_nothing(length: int) -> None:
    whole = mo_bytes({"Save the file": "Tallenna tiedosto", "Open a file": "Avaa tiedosto"})
    if length >= len(whole) - 1:  # the last byte only ends the last text
        return
    with pytest.raises(ValueError, match=r"not a GNU|cut short"):
        read_catalogue("x.mo", whole[:length])


def test_mo_contexts_plurals_and_character_sets() -> None:
    content = mo_bytes(
        {"menu\x04Open": "Avaa", "%d file\0%d files": "%d tiedosto\0%d tiedostoa", "Name": "Työ"}, charset="latin-1"
    )
    assert set(read_catalogue("x.mo", content)) == {
        Message("Open", "Avaa"),
        Message("%d files", "%d tiedostoa"),
        Message("Name", "Työ"),
    }
    with pytest.raises(ValueError, match="character set no-su "):
        read_catalogue("x.mo", mo_bytes({"a": "b"}).replace(b"charset=utf-8", b"charset=no-su"))
    with pytest.raises(ValueError, match="utf-8"):
        read_catalogue("x.mo", mo_bytes({"a": "ä"}, charset="latin-1").replace(b"latin-1", b"utf-8\n\n"))


PO = r"""
# translators
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\n"

#: file.py:3
#, python-format
msgid "Open %s"
msgstr "Avaa %s"

#, fuzzy
#| msgid "Old"
msgid "New"
msgstr "Vanha"

msgctxt "menu"
msgid ""
"Save the "
"file\t\"now\""
msgstr ""
"Tallenna "
"tiedosto\n\x41\101\\"
msgid "%d file"
msgid_plural "%d files"
msgstr[0] "%d tiedosto"
msgstr[1] "%d tiedostoa"

#~ msgid "Gone"
#~ msgstr "Mennyt"
"""


def test_po() -> None:
    assert read_catalogue("x.po", PO.encode()) == [
        Message("Open %s", "Avaa %s"),
        Message('Save the file\t"now"', "Tallenna tiedosto\nAA\\"),
        Message("%d files", "%d tiedostoa"),
    ]
    assert read_catalogue("x.po", b"\xef\xbb\xbf" + PO.replace("\n", "\r\n").encode()) == read_catalogue(
        "x.po", PO.encode()
    )


def test_a_broken_po_names_the_line() -> None:
    with pytest.raises(ValueError, match="line 23 "):
        read_catalogue("x.po", PO.replace('"tiedosto\\n', "tiedosto\\n").encode())


@given(st.text() | st.lists(st.sampled_from(PO.splitlines())).map("\n".join))
def test_any_po_is_read_or_refused(text: str) -> None:
    try:
        found = read_catalogue("x.po", text.encode("utf-8", "surrogatepass"))
    except ValueError:
        return
    assert all(message.original for message in found)


def test_json_of_every_shape() -> None:
    content = {
        "": {"language": "fi"},
        "menu": {"open": "Avaa", "more": ["Lisää", {"deep": "Syvä"}]},
        "ctx\x04Save": ["Tallenna"],
        "count": 3,
    }
    assert read_catalogue("x.json", b"\xef\xbb\xbf" + json.dumps(content).encode()) == [
        Message("open", "Avaa"),
        Message("more", "Lisää"),
        Message("deep", "Syvä"),
        Message("Save", "Tallenna"),
    ]
    for broken in (b"{", b"\xff\xfe", b"[" * 200_000):
        with pytest.raises(ValueError, match=r"."):
            read_catalogue("x.json", broken)

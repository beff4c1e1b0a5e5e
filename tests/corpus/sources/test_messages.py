from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.corpus.sources.catalogues import Message
from aurora.corpus.sources.messages import LONGEST_MESSAGE, clean, is_prose, lines, paragraphs

PIECES = st.sampled_from([
    "%s", "%(name)s", "{name}", "{{ x }}", "${y}", "{n, plural, one {a} other {# b}}", "\ufffc", "&nbsp;",
    "&amp;amp;", "<b>", "</b>", "<br/>", "<a href='x'>", "&lt;", ":ref:`", "`", "**", "(&F)", "_", "[1:", "](", "]",
    '"', "'", "(", ")", "&foo;",
    "tiedosto", "फ़ाइल", "ファイル", "tập tin", "「", "」", " ", ".", ":", "%", "#", "http://x", "\n", "\n\n",
])  # fmt: skip
MESSY = st.text() | st.lists(PIECES, max_size=30).map("".join)


@given(MESSY)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert "\n" not in cleaned
    assert cleaned == cleaned.strip()


@given(MESSY)
def test_paragraphs_are_clean_lines(text: str) -> None:
    for paragraph in paragraphs(text):
        assert paragraph
        assert clean(paragraph) == paragraph


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("Tiedosto <b>%(name)s</b> on jo olemassa tässä kansiossa.", "Tiedosto on jo olemassa tässä kansiossa."),
        (
            "Kansio &quot;%s&quot; poistettiin onnistuneesti palvelimelta!",
            "Kansio poistettiin onnistuneesti palvelimelta!",
        ),
        ("%s फ़ोल्डर में सभी फ़ाइलें सफलतापूर्वक कॉपी की गईं ।", "फ़ोल्डर में सभी फ़ाइलें सफलतापूर्वक कॉपी की गईं।"),
        (
            "この商品は現在、在庫が%dで、すぐに発送することができませんのでご了承ください。",
            "この商品は現在、在庫がで、すぐに発送することができませんのでご了承ください。",
        ),
        ("エラー。 ページを <br/>\n 再読み込みしてください。", "エラー。ページを再読み込みしてください。"),
        (
            "{count, plural, one {# tệp} other {# tệp đã được tải lên thư mục của bạn}}",
            "tệp đã được tải lên thư mục của bạn",
        ),
        ("Voir :ref:`la doc <doc>` et ``code`` **fort**", "Voir la doc et code fort"),
        ("Lue [käyttöohje](https://example.org/x) ennen käyttöä", "Lue käyttöohje ennen käyttöä"),
        ("&Tallenna nimellä... (_S)", "Tallenna nimellä..."),
        ("R&D ja _tiedosto", "R&D ja tiedosto"),
        ("100 %% valmis, odota hetki", "100 % valmis, odota hetki"),
        ("rivi yksi\nja rivi kaksi", "rivi yksi ja rivi kaksi"),
    ],
)
def test_what_programs_put_in_goes(message: str, text: str) -> None:
    assert clean(message) == text


@pytest.mark.parametrize(
    "message",
    [
        "katso http://example.org",
        "kirjoita me@example.org nyt",
        "%s / %s (%d)",
        "Poista %s?",
        "a = b + c on virhe",
        "aja --help ensin",
        "polku /etc/passwd on",
        "avain {" + "y" * 80 + "}",
    ],
)
def test_what_is_no_text_without_them_goes_whole(message: str) -> None:
    assert clean(message) == ""


@pytest.mark.parametrize("piece", ["[", "(", "「", "{a, plural,", "{", "%", "<", "`", "&", ":a:`", "{x, select, one {"])
def test_no_message_takes_long(piece: str) -> None:
    start = time.process_time()
    list(paragraphs((piece * LONGEST_MESSAGE)[:LONGEST_MESSAGE]))
    assert time.process_time() - start < 1  # a few milliseconds, if not quadratic


def test_blank_lines_and_block_tags_part_paragraphs() -> None:
    assert list(paragraphs("<p>Yksi kaksi</p><p>kolme</p>\n\nneljä\nviisi")) == ["Yksi kaksi", "kolme", "neljä viisi"]
    assert list(paragraphs("a" * 30_000)) == []


@pytest.mark.parametrize(
    ("text", "language", "kept"),
    [
        ("Tallenna tiedosto nyt", "fi", True),
        ("Tallenna tiedosto", "fi", False),
        ("1.2 3.4 5.6 a b c", "fi", False),
        ("फ़ाइल को सहेजें", "hi", True),
        ("Save the फ़ाइल", "hi", False),
        ("保存整个文件到磁盘", "zh-Hant", True),
        ("ファイルを保存します", "ja", True),
        ("保存します", "ja", False),
        ("Save the whole file", "ja", False),
        ("Lưu tập tin này", "vi", True),
        ("Save the file now", "vi", False),
        ("Save the file now", "en", True),
    ],
)
def test_labels_and_other_scripts_say_nothing(text: str, language: str, kept: bool) -> None:
    assert is_prose(text, language) == kept


def test_untranslated_messages_are_left_out() -> None:
    messages = [
        Message("Save the file now", "Save the file now"),
        Message("key", "Open the file now"),
        Message("Close it all", "Sulje kaikki ikkunat"),
    ]
    assert list(lines(messages, "fi", frozenset({"Open the file now"}))) == ["Sulje kaikki ikkunat"]

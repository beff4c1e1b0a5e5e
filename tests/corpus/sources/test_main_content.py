"""Words that the extractor would lose, in every script and at every place of a page."""

from __future__ import annotations

import html
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aurora.corpus.sources.main_content import marked
from aurora.corpus.sources.page import read_page

# A letter of many scripts, of each length in UTF-8, and what has three bytes without being one character.
LETTERS = "dж߷আनதకകවไລབကაአᎠᐁកᠠのカ丁漢각ꀀꦏꯀﬁ𐌰𐎀𑀅𒀀𓀀𛀀𠀀"
SHORT = ["là", "yö", "ở", "1é", "é1", "、", "“", "₹", "…", "•", "(न", "&न", "न;"]
PLACES = [
    "<p>vor <b>{}</b> nach</p>",
    "<p>vor<b>{}</b>nach</p>",
    "<p>vor <i><b>\n {}\t</b></i>, nach</p>",
    "<p><em>{}</em> nach</p>",
    "<p>vor <a href='x' title='a>b'>{}</a></p>",
    "<p>vor<br>{}<br>nach</p>",
    "<p>vor <!-- x -->{}<!-- y --> nach</p>",
    "<p>{}</p><p>nach</p>",
    "<h2>{}</h2><p>nach</p>",
    "<ul><li>{}<li>nach</ul>",
    "<ol><li>{}</li><li>nach</ol>",
    "<dl><dt>{}<dd>nach</dl>",
    "<table><tr><th>{}</th><td>vor</td><td> {} </td></tr></table>",
    "<blockquote>{}</blockquote>nach",
    "<pre>vor <b>{}</b>\n  nach</pre>",
    "<p>vor <code>{}</code> nach",
    "<p>vor <math><mi><![CDATA[{}]]></mi></math> nach",
    "<p>vor <span title='>{}<'>{}</span></b></i> nach",
]


def bare(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("place", PLACES)
def test_no_short_text_is_lost(place: str) -> None:
    for short in [*LETTERS, *SHORT]:
        for written in (html.escape(short), "".join(f"&#{ord(character)};" for character in short)):
            if "CDATA" in place and "&" in written:
                continue
            shown = bare(read_page(f"<main>{place.replace('{}', written)}</main>".encode()).text)
            words = bare(re.sub(r"<!--.*?-->|<!\[CDATA\[|\]\]>|<(?:[^'>]|'[^']*')*>", "", place))
            bullet = "•" if "<ul>" in place else ""
            expected = re.escape(words).replace(re.escape("{}"), f"{bullet}{re.escape(short)}{bullet}")
            assert re.fullmatch(rf"(1\.)?{expected.replace('nach', '(2[.])?nach')}", shown), (short, written, shown)


def test_short_texts_of_words_that_touch_stay_in_order() -> None:
    links = "".join(f"<a href='{number}'>{word}</a>{link}" for number, (word, link) in enumerate([
        ("東京", "、"), ("大阪", "と"), ("奈良", "は"), ("鉄道", "で")]))  # fmt: skip
    assert read_page(f"<main><p>{links}<b>結</b>ばれている。".encode()).text == "東京、大阪と奈良は鉄道で結ばれている。"
    assert read_page("<p>Olen <i>tä</i> <i>yö</i> <b>mä</b>.".encode()).text == "Olen tä yö mä."


def test_white_space_is_folded_as_before() -> None:
    assert read_page("<p>a <b> न </b> b <i>&#32;न&#32;</i> c".encode()).text == "a न b न c"
    assert read_page("<p>a<b>\n&Tab;&NewLine;\n न</b>b".encode()).text == "a नb"
    assert read_page("<pre>a\n  <b>न</b>  \n\nb</pre>".encode()).text == "a\n  न  \n\nb"


CHARACTER = st.characters(min_codepoint=0xA1, exclude_categories=["Cs", "Cc", "Co", "Zs", "Zl", "Zp"])


@given(
    st.lists(st.tuples(st.text(CHARACTER, min_size=1, max_size=2), st.sampled_from(["b", "i", "a", "span", "code"])),
             min_size=1, max_size=8),
    st.sampled_from(["p", "li", "h1", "td", "div", "blockquote", "pre"]),
    st.booleans(),
)  # fmt: skip
@settings(deadline=None, max_examples=200)
def test_a_text_in_pieces_is_the_text(pieces: list[tuple[str, str]], block: str, by_reference: bool) -> None:
    def written(text: str) -> str:
        return "".join(f"&#x{ord(character):x};" for character in text) if by_reference else text

    inner = "".join(f"<{tag}>{written(text)}</{tag}>" for text, tag in pieces)
    outer = {"td": "<table><tr><td>{}</table>", "li": "<ol><li>{}</ol>"}.get(block, f"<{block}>{{}}</{block}>")
    text = read_page(f"<meta charset=utf-8><main>{outer.format(inner)}</main>".encode()).text
    # Two links within each other and a sign that a heading is linked by are no such text.
    assert (
        text.removeprefix("1. ").removeprefix("1.").strip()
        == "".join(text for text, tag in pieces if not (tag == "a" and text == "¶")).strip()
    )


def test_icons_and_anchor_signs_are_no_text() -> None:
    page = "<p>vor <i class=icon>\ue001</i> und <i>&#xf101;</i> <a href=#x>¶</a> nach <b>¶</b>, <b>\ue001\ue002</b>."
    assert read_page(page.encode()).text == "vor und nach ¶, \ue001\ue002."


def test_what_a_page_itself_holds_of_marks_is_no_text() -> None:
    page = "<title>&#1;न</title><p>a\x01b <b>\x01</b><b>न\x01</b><b>&#1;</b>"
    found = read_page(page.encode())
    assert (found.text, found.facts["title"]) == ("ab न", "न")


def test_readings_above_words_are_no_part_of_the_text() -> None:
    for ruby in (
        "<ruby>漢字<rp>（</rp><rt>かんじ</rt><rp>）</rp></ruby>",
        "<ruby>漢<rt>かん</rt>字<rt>じ</ruby>",
        "<ruby><rb>漢<rb>字<rp>(<rt>かん<rt>じ<rp>)</ruby>",
        "<ruby>漢字<rtc><rt>かんじ</rt></rtc></ruby>",
    ):
        assert read_page(f"<main><p>この{ruby}を読む。".encode()).text == "この漢字を読む。"
        assert read_page(f"<nav>この{ruby}を読む。</nav>".encode()).text == "この漢字を読む。"


def test_dates_and_lists_of_the_content_stay() -> None:
    assert read_page(b"<main><p>Wir sind am <time>5. Mai</time> da.").text == "Wir sind am 5. Mai da."
    assert read_page(b"<main><p>by Ann <time class=updated>5. Mai</time>").text == "by Ann"
    kept = "<ul><li>first point<li>second <ul><li>deeper</ul></ul>"
    text = "• first point\n  • second\n    • deeper"
    for around in ("<main>{}", "<main><div>{}", "<article>{}", "<body><div><main><section>{}"):
        assert read_page(around.format(f"{kept}<p>end").encode()).text == f"{text}\n\nend"
    menu = "<ul><li><a href=a>one page</a><li><a href=b>another page</a></ul>"
    assert read_page(f"<body>{menu}<main><p>text</main>".encode()).text == "text"


def test_marking_takes_time_by_the_size_of_a_page_alone() -> None:
    for hostile in (">" * 10**6, ">&" * 500_000, "> &a" * 10**5, ">" + " " * 10**6, "<a " * 300_000, ">&#32;" * 10**5):
        start = time.process_time()
        marked(hostile)
        marked(hostile + "<")
        assert time.process_time() - start < 3

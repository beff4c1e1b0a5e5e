"""HTML by construction: text can never become structure."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from aurora.reporting.page.markup import FORBIDDEN, Html, escape, join, tag


class Texts(HTMLParser):
    """Collects tags, attributes and text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[str | None] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [value for _, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.text())
def test_any_text_comes_back_as_text(text: str) -> None:
    parser = Texts()
    parser.feed(tag("p", text, title=text))
    parser.close()
    shown = FORBIDDEN.sub("", text.replace("\r\n", "\n"))
    assert parser.tags == ["p"]
    assert "".join(letter for letter in parser.text if letter in shown) == shown
    assert len(parser.text) == len(text.replace("\r\n", "\n"))
    assert parser.attributes == [parser.text]


def test_only_what_tag_made_is_markup() -> None:
    assert tag("p", "<b>", tag("b", "&")) == "<p>&lt;b&gt;<b>&amp;</b></p>"
    assert tag("p", ["a", None, [1, Html("<i>")]]) == "<p>a1<i></p>"
    # Text derived from markup is data again.
    assert tag("p", tag("b", "x").upper()) == "<p>&lt;B&gt;X&lt;/B&gt;</p>"


def test_attributes_are_named_as_in_html() -> None:
    assert tag("div", class_="a", aria_label='"', id=None) == '<div class="a" aria-label="&quot;"></div>'
    assert tag("meta", charset="utf-8") == '<meta charset="utf-8">'
    assert tag("rect", x=1) == '<rect x="1"/>'


def test_forbidden_characters_become_visible() -> None:
    assert escape("\x00\x1b\x85\ud800\ufffe") == "\u2400\u241b\ufffd\ufffd\ufffd"
    assert join("\r\n\t") == "\n\t"

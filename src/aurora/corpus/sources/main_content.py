"""The main content of a parsed page, including words that the extractor would lose.

One decision: such words are marked in the page before it is parsed, so the extractor's own judgement of menus and
advertisements is unchanged. Resiliparse drops a text of one private-use character between two tags, because it draws an
icon. It compares the three bytes of the text as one number, last byte first, so nearly every text of three bytes that
ends in a letter beyond ASCII counts as one: a Japanese particle, the Hindi `न` (not), but also `là` and `yö`. So each
such short text gets control characters in front, which no page shows, and which are removed afterwards.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Any

# Neither white space to the extractor nor part of any text. Two of them, so that no text of two bytes becomes three.
_CONTROL = "\x01"
_MARK = 2 * _CONTROL
_WHITE = r"[ \t\n\v\f\r]"
_WHITE_REFERENCE = r"&(?:\#0*(?:9|1[0-3]|32)(?![0-9])|\#[xX]0*(?:9|[aA-dD]|20)(?![0-9a-fA-F])|Tab|NewLine);?"
_CHARACTER = rf"(?:&\#?[0-9A-Za-z]++;?|(?!{_WHITE}|<)[\s\S])"
# A text of up to three characters (or character references), one of them beyond ASCII, between markup or at an end of
# the page. White space stays before the mark, so that it is still collapsed.
_SHORT = re.compile(
    rf"(<a\b[^<>]*+>|>|\[CDATA\[|\A)((?:{_WHITE}|{_WHITE_REFERENCE})*+)"
    rf"(?=[!-%'-;=-~]{{0,2}}(?:[^\x00-\x7f]|&))({_CHARACTER}{{1,3}})"
    rf"(?=(?:{_WHITE}|{_WHITE_REFERENCE})*+(?:<|\]\]>|\Z))"
)
_ICON = re.compile(r"[\ue000-\uf8ff]")
_ANCHOR_SIGN = "¶"  # in a link, the permalink of a heading
# Ruby readings above Japanese or Chinese words, and the brackets around them.
_READINGS = ["rt", "rp", "rtc"]
# The extractor drops every date as one of the page itself (only those have a class), and lists near the root as menus.
_TEXTS = ("p", "li", "dd", "td", "th", "blockquote", "h2", "h3")
_DATES_WITHIN = ", ".join(f"{name} time:not([class])" for name in _TEXTS)
_LISTS = "main ul, article ul"
_LIST_DEPTH = 4  # from which the extractor keeps a list


def marked(html: str) -> str:
    """A page with a mark before each text that the extractor might drop as an icon."""
    return _SHORT.sub(_marked, html)


def main_content(tree: Any) -> str:
    """The main content of a tree of marked HTML; all of its text if none is found, and "" without text."""
    from resiliparse.extract.html2text import extract_plain_text

    if tree.body is not None:
        _keep_dates(tree)
        _keep_lists(tree)
    for main in (True, False):
        extracted = extract_plain_text(
            tree, preserve_formatting=True, main_content=main, alt_texts=False, skip_elements=_READINGS
        )
        if text := unmarked(extracted).strip():
            return text
    return ""


def unmarked(text: str) -> str:
    """A text without marks; the same characters in a page are controls, not text."""
    return text.replace(_CONTROL, "")


def _marked(match: re.Match[str]) -> str:
    before, white, text = match.groups()
    shown = unescape(text)
    if _ICON.fullmatch(shown) or (shown == _ANCHOR_SIGN and before.startswith("<a")):
        return match[0]
    return f"{before}{white}{_MARK}{text}"


def _keep_dates(tree: Any) -> None:
    """Make a date within a text a part of it."""
    for date in tree.body.query_selector_all(_DATES_WITHIN):
        date.replace_with(tree.create_text_node(date.text))


def _keep_lists(tree: Any) -> None:
    """Nest lists of what a page declares as its content deep enough for the extractor to keep them."""
    for element in tree.body.query_selector_all(_LISTS):
        for _ in range(_LIST_DEPTH - _depth(element)):
            around = tree.create_element("div")
            element.replace_with(around)
            around.append_child(element)


def _depth(element: Any) -> int:
    """The depth of an element below the body, itself included, up to _LIST_DEPTH."""
    depth = 0
    while element is not None and element.tag != "body" and depth < _LIST_DEPTH:
        depth += 1
        element = element.parent
    return depth

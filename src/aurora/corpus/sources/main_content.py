"""The main content of a parsed page, with the words that the extractor would lose kept.

One decision: what is to be kept is said in the page, before it is parsed, so the extractor's own judgement of menus and
advertisements stays as it is. Resiliparse leaves out a text of one private-use character between two tags, for it draws
an icon. It compares the three bytes of such a text as one number, the last byte first, so that nearly every text of
three bytes that ends in a letter beyond ASCII passes for one: a Japanese particle, a Hindi `न` (not), but also `là` and
`yö`. So each text that short gets a control character in front, which no page shows, and which is taken out again.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Any

# No white space to the extractor, no character of a text to anybody. Two, so that no text of two bytes comes to three.
_CONTROL = "\x01"
_MARK = 2 * _CONTROL
_WHITE = r"[ \t\n\v\f\r]"
_WHITE_REFERENCE = r"&(?:\#0*(?:9|1[0-3]|32)(?![0-9])|\#[xX]0*(?:9|[aA-dD]|20)(?![0-9a-fA-F])|Tab|NewLine);?"
_CHARACTER = rf"(?:&\#?[0-9A-Za-z]++;?|(?!{_WHITE}|<)[\s\S])"
# A text of up to three characters, written as themselves or by reference, with one beyond ASCII among them: between
# markup, or where a page begins or ends. Its white space stays before the mark, for white space is folded.
_SHORT = re.compile(
    rf"(<a\b[^<>]*+>|>|\[CDATA\[|\A)((?:{_WHITE}|{_WHITE_REFERENCE})*+)"
    rf"(?=[!-%'-;=-~]{{0,2}}(?:[^\x00-\x7f]|&))({_CHARACTER}{{1,3}})"
    rf"(?=(?:{_WHITE}|{_WHITE_REFERENCE})*+(?:<|\]\]>|\Z))"
)
_ICON = re.compile(r"[\ue000-\uf8ff]")
_ANCHOR_SIGN = "¶"  # in a link it is what a heading is linked to by
# The readings that stand above words of Japanese or Chinese, and the brackets around them.
_READINGS = ["rt", "rp", "rtc"]
# The extractor takes every date for one of the page (those are styled), and lists near the root for menus.
_TEXTS = ("p", "li", "dd", "td", "th", "blockquote", "h2", "h3")
_DATES_WITHIN = ", ".join(f"{name} time:not([class])" for name in _TEXTS)
_LISTS = "main ul, article ul"
_LIST_DEPTH = 4


def marked(html: str) -> str:
    """A page with a mark before each text so short that the extractor might take it for an icon."""
    return _SHORT.sub(_marked, html)


def main_content(tree: Any) -> str:
    """The main content of a tree of marked HTML; all of its text where none is found, and nothing where it has none."""
    from resiliparse.extract.html2text import extract_plain_text

    if tree.body is not None:
        _keep_dates(tree)
        _keep_lists(tree)
    for main in (True, False):
        found = extract_plain_text(
            tree, preserve_formatting=True, main_content=main, alt_texts=False, skip_elements=_READINGS
        )
        if text := unmarked(found).strip():
            return text
    return ""


def unmarked(text: str) -> str:
    """A text without marks; a page's own of that kind are controls and no text."""
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
    """Put lists of what a page calls its content as deep as the extractor wants them."""
    for found in tree.body.query_selector_all(_LISTS):
        for _ in range(_LIST_DEPTH - _depth(found)):
            around = tree.create_element("div")
            found.replace_with(around)
            around.append_child(found)


def _depth(element: Any) -> int:
    """How many elements of the body an element lies within, itself included; enough of them."""
    depth = 0
    while element is not None and element.tag != "body" and depth < _LIST_DEPTH:
        depth += 1
        element = element.parent
    return depth

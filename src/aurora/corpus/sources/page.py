"""A web page's bytes as text: its encoding, its main content, and what it says of itself.

One decision: a page is bounded before it is parsed or searched. Markup a few kilobytes long can ask a parser for
gigabytes (formatting that is never closed is opened anew in each block) or an hour (attributes are compared with each
other), and an extractor for minutes (cost grows with the square of depth). So each of these has a limit, and a page
over one is refused with the reason.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any
from urllib.parse import urljoin

from aurora.corpus.sources.main_content import main_content, marked, unmarked
from aurora.errors import UserError

LARGEST_PAGE = 5_000_000  # bytes
DEEPEST = 256  # elements within each other
MOST_REOPENED = 500_000  # elements
MOST_ATTRIBUTES = 2000  # of one element
LONGEST_FACT = 500  # characters of a title or an address

# What a parser opens again in each block until it is closed (the "active formatting elements" of HTML), and
# what keeps tags that follow from closing what came before: cells and the like, and text in which tags are none.
_FORMATTING = re.compile(
    r"<(?:(/?)(a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)"
    r"|/?(?:td|th|caption|applet|object|marquee|template|textarea|title|script|style|xmp|iframe|no[a-z]+)|!--)"
    r"(?:(?<=--)|(?=[\s/>]))",
    re.IGNORECASE,
)
_IN_A_VALUE = re.compile(r"=\s*(?:\"[^\"]*|'[^']*)$")
_ATTRIBUTE = r"[\s/]*+[^\s/>=]++(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s>]*+))?+"
_ATTRIBUTES = re.compile(rf"<[a-zA-Z][^\s/>]*+(?:{_ATTRIBUTE}){{0,{MOST_ATTRIBUTES}}}+({_ATTRIBUTE})?+")
_TOO_DEEP = " > ".join("*" * (DEEPEST + 1))
_META_CHARSET = re.compile(rb"<meta[^>]{0,1000}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_META_WITHIN = 4096  # bytes
# What pages mean by the name of a character set, where Python's of the same name holds fewer characters.
_MEANT = {"shift_jis": "cp932", "gbk": "gb18030", "euc_kr": "cp949", "iso8859-9": "cp1254", "iso8859-11": "cp874"}


@dataclass(frozen=True, slots=True)
class Page:
    """The text of a page and what it says of itself: `title`, `language`, `license_link`; only what it does say."""

    text: str
    facts: dict[str, object]


class Refused(ValueError):
    """A page that cannot become a document; its message is the reason."""


def extractor(name: str) -> str:
    """The library that takes text out of pages, with its version; UserError where source `name` lacks it."""
    try:
        import fastwarc  # noqa: F401
        import resiliparse  # noqa: F401
    except ImportError as error:
        raise UserError(f"corpus.sources.{name} reads web pages: pip install 'aurora-lm[web]' first.") from error
    return f"resiliparse {version('resiliparse')}"


def read_page(data: bytes, charset: str | None = None, language: str | None = None, address: str = "") -> Page:
    """The main content of a page; all of its text where none is found.

    `charset` and `language` are what the server said of it; relative links start from `address`. Raises Refused for a
    page over a limit, without text, or that makes the parser raise.
    """
    if len(data) > LARGEST_PAGE:
        raise Refused(f"the page is larger than {LARGEST_PAGE} bytes")
    # A NUL is none of a page's characters, and would stand between a tag and its text.
    html = decode(data, charset).replace("\0", "")
    if _reopened(html) > MOST_REOPENED:
        raise Refused(f"the page leaves formatting open that would be opened again {MOST_REOPENED} times")
    if any(match[1] for match in _ATTRIBUTES.finditer(html)):
        raise Refused(f"an element of the page has more than {MOST_ATTRIBUTES} attributes")
    try:
        return _read(html, language, address)
    except Refused:
        raise
    except BaseException as error:  # a panic of the parser is no Exception
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        raise Refused(f"the parser failed ({type(error).__name__}: {error})") from error


def _read(html: str, language: str | None, address: str) -> Page:
    from resiliparse.parse.html import HTMLTree

    tree = HTMLTree.parse(marked(html))
    document = tree.document
    if document is None:
        raise Refused("the page holds no text")
    if document.query_selector(_TOO_DEEP) is not None:
        raise Refused(f"the page nests elements more than {DEEPEST} deep")
    facts = _facts(document, tree.title, language, address)
    text = main_content(tree)
    if not text:
        raise Refused("the page holds no text")
    return Page(text, facts)


def _facts(document: Any, title: str | None, language: str | None, address: str) -> dict[str, object]:
    root = document.query_selector("html[lang]")
    link = document.query_selector("[rel~=license][href]")
    facts = {
        "title": " ".join((title or "").split()),
        "language": (root.getattr("lang") or "").strip() if root is not None else "",
        "license_link": _joined(address, link.getattr("href").strip()) if link is not None else "",
    }
    facts["language"] = facts["language"] or (language or "").strip()
    return {name: unmarked(value)[:LONGEST_FACT] for name, value in facts.items() if unmarked(value)}


def _joined(address: str, link: str) -> str:
    try:
        return urljoin(address, link)
    except ValueError:  # an address in brackets that is none
        return link


def decode(data: bytes, charset: str | None = None) -> str:
    """The bytes of a page as text: by its byte order mark, what the server said, what it says, or what it looks like.

    The first of these that fits all bytes is taken (UTF-8 with few errors fits: other sets would fit anything); where
    none does, the first. What does not fit is marked by U+FFFD.
    """
    first = None
    for codec in _codecs(data, charset):
        try:
            return data.decode(codec).removeprefix("\ufeff")
        except UnicodeDecodeError:
            first = first or codec
        if codec == "utf-8" and _is_nearly_whole(text := data.decode(codec, "replace")):
            return text.removeprefix("\ufeff")
    return data.decode(first or "utf-8", "replace").removeprefix("\ufeff")


def _is_nearly_whole(text: str) -> bool:
    """Whether at most a tenth of what is not ASCII could not be decoded."""
    return text.count("\ufffd") * 10 <= len(text) - len(text.encode("ascii", "ignore"))


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _codecs(data: bytes, charset: str | None) -> Iterator[str]:
    from resiliparse.parse.encoding import detect_encoding, map_encoding_to_html5

    for mark, codec in ((BOM_UTF8, "utf-8"), (BOM_UTF16_LE, "utf-16-le"), (BOM_UTF16_BE, "utf-16-be")):
        if data.startswith(mark):
            yield codec
    said = _META_CHARSET.search(data, 0, _META_WITHIN)
    for name in (charset, said and said[1].decode("ascii")):
        known = map_encoding_to_html5(name, False) if name else None
        # Whoever could read "utf-16" in ASCII reads no UTF-16.
        if known and not (known.startswith("utf-16") and name != charset):
            yield _MEANT.get(known, known)
    # What is whole UTF-8 with more than ASCII is nothing else by chance; of few characters a guess would be one.
    if not data.isascii() and _is_utf8(data):
        yield "utf-8"
    seen = detect_encoding(data) or "utf-8"
    yield _MEANT.get(seen, seen)


def _reopened(html: str) -> int:
    """At most how many elements the parser adds for formatting that is left open: each tag may open all of it again."""
    tags = html.count("<")
    if tags * tags // 4 <= MOST_REOPENED:
        return 0
    reopened, num_open, place = 0, 0, 0
    opened = Counter[str]()
    for match in _FORMATTING.finditer(html):
        if num_open:
            reopened += num_open * html.count("<", place, match.start())
        place = match.start()
        if not match[2] or (match[1] and _in_a_tag(html, match.start())):
            opened.clear()
            continue
        name = match[2].lower()
        if not match[1]:
            # A link closes the one before it.
            num_open += not (name == "a" and opened[name])
            opened[name] = 1 if name == "a" else opened[name] + 1
        elif opened[name]:
            opened[name] -= 1
            num_open -= 1
    return reopened + num_open * html.count("<", place)


def _in_a_tag(html: str, place: int) -> bool:
    """Whether what stands at a place may lie in another tag, as in `<p title="</b>">`."""
    before = html[html.rfind("<", 0, place) + 1 : place]
    return ">" not in before or _IN_A_VALUE.search(before) is not None

"""A web page's bytes as text: its encoding, its main content, and what it says about itself.

One decision: a page is checked against limits before it is parsed or searched. A few kilobytes of markup can cost a
parser gigabytes (formatting that is never closed is reopened in each block) or an hour (attributes are compared with
each other), and an extractor minutes (cost grows with the square of depth). A page over a limit is refused with the
reason.
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

# None of the 573 pages measured was refused by these (benchmarks/results.md, "Web pages").
LARGEST_PAGE = 5_000_000  # bytes
DEEPEST = 256  # nested elements
MOST_REOPENED = 500_000  # elements that a parser adds for formatting left open
MOST_ATTRIBUTES = 2000  # of one element
LONGEST_FACT = 500  # characters of a title or an address

# The elements that a parser reopens in each block until they are closed (HTML's "active formatting elements"), and
# those after which tags close nothing that came before: cells and the like, and text in which tags do not count.
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
# What browsers decode under these names, as Python's codecs of the same name have fewer characters.
_MEANT = {"shift_jis": "cp932", "gbk": "gb18030", "euc_kr": "cp949", "iso8859-9": "cp1254", "iso8859-11": "cp874"}


@dataclass(frozen=True, slots=True)
class Page:
    """The text of a page and what it says about itself: `title`, `language`, `license_link`, as far as it does."""

    text: str
    facts: dict[str, object]


class Refused(ValueError):
    """A page that cannot become a document; its message is the reason."""


def extractor(name: str) -> str:
    """The library that extracts text from pages, with its version; `UserError` naming source `name` if it is
    missing."""
    try:
        import fastwarc  # noqa: F401
        import resiliparse  # noqa: F401
    except ImportError as error:
        raise UserError(
            f"corpus.sources.{name} reads web pages: run `pip install fastwarc resiliparse` first."
        ) from error
    return f"resiliparse {version('resiliparse')}"


def read_page(data: bytes, charset: str | None = None, language: str | None = None, address: str = "") -> Page:
    """The main content of a page, or all of its text if none is found.

    `charset` and `language` are what the server said; relative links start from `address`. Raises `Refused` for a page
    that is over a limit, has no text, or makes the parser fail.
    """
    if len(data) > LARGEST_PAGE:
        raise Refused(f"the page is larger than {LARGEST_PAGE} bytes")
    # HTML ignores NUL, but here it would come between a tag and its text.
    html = decode(data, charset).replace("\0", "")
    if _reopened(html) > MOST_REOPENED:
        raise Refused(f"the page leaves formatting open that would be reopened {MOST_REOPENED} times")
    if any(match[1] for match in _ATTRIBUTES.finditer(html)):
        raise Refused(f"an element of the page has more than {MOST_ATTRIBUTES} attributes")
    try:
        return _read(html, language, address)
    except Refused:
        raise
    except BaseException as error:  # a panic of the Rust parser is not an Exception
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        raise Refused(f"the parser failed ({type(error).__name__}: {error})") from error


def _read(html: str, language: str | None, address: str) -> Page:
    from resiliparse.parse.html import HTMLTree

    tree = HTMLTree.parse(marked(html))
    document = tree.document
    if document is None:
        raise Refused("the page has no text")
    if document.query_selector(_TOO_DEEP) is not None:
        raise Refused(f"the page nests elements more than {DEEPEST} deep")
    facts = _facts(document, tree.title, language, address)
    text = main_content(tree)
    if not text:
        raise Refused("the page has no text")
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
    except ValueError:  # brackets around something that is not an address
        return link


def decode(data: bytes, charset: str | None = None) -> str:
    """The bytes of a page as text, by its byte order mark, the server's charset, its own, or the detected one.

    The first of these that fits all bytes is used (UTF-8 with few errors fits, since other encodings fit almost any
    bytes); if none fits, the first. Bytes that do not fit become U+FFFD.
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
    stated = _META_CHARSET.search(data, 0, _META_WITHIN)
    for name in (charset, stated and stated[1].decode("ascii")):
        codec_name = map_encoding_to_html5(name, False) if name else None
        # A page that states "utf-16" in ASCII bytes is not in UTF-16.
        if codec_name and not (codec_name.startswith("utf-16") and name != charset):
            yield _MEANT.get(codec_name, codec_name)
    # Valid UTF-8 beyond ASCII is hardly ever anything else; the detector may guess wrongly on few characters.
    if not data.isascii() and _is_utf8(data):
        yield "utf-8"
    detected = detect_encoding(data) or "utf-8"
    yield _MEANT.get(detected, detected)


def _reopened(html: str) -> int:
    """An upper bound on the elements that the parser adds for open formatting: each tag may reopen all of it."""
    tags = html.count("<")
    if tags * tags // 4 <= MOST_REOPENED:  # the most: half of the tags open formatting, the other half reopen it
        return 0
    reopened, num_open, at = 0, 0, 0
    opened = Counter[str]()
    for match in _FORMATTING.finditer(html):
        if num_open:
            reopened += num_open * html.count("<", at, match.start())
        at = match.start()
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
    return reopened + num_open * html.count("<", at)


def _in_a_tag(html: str, at: int) -> bool:
    """Whether the tag at `at` may be inside another tag, as in `<p title="</b>">`."""
    before = html[html.rfind("<", 0, at) + 1 : at]
    return ">" not in before or _IN_A_VALUE.search(before) is not None

"""The frame of every page: one self-contained document that loads and runs nothing.

One decision: the content security policy forbids scripts and all resources, so a page can be opened anywhere, whatever
text it quotes.
"""

from __future__ import annotations

import html
from functools import cache
from importlib import resources

from aurora.reporting.page.markup import Html, tag

# Nothing may be loaded or executed: everything the page needs is in it.
SECURITY_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def document(title: str, description: str, content: Html, closing: str) -> str:
    """A whole HTML document around its content, with a closing line."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=SECURITY_POLICY),
        tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name_="color-scheme", content="light dark"),
        tag("meta", name_="description", content=description),
        tag("title", title),
        tag("link", rel="icon", href="data:,"),
        tag("style", Html(_style())),
    )
    body = tag("body", content, tag("footer", tag("p", closing)))
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def is_page(beginning: bytes) -> bool:
    """Whether a file with this beginning is a page made here: no other has exactly this policy."""
    return html.escape(SECURITY_POLICY).encode() in beginning


@cache
def _style() -> str:
    return resources.files("aurora.reporting").joinpath("data/page.css").read_text(encoding="utf-8")

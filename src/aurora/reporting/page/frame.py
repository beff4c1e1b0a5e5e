"""The frame of every page: one self-contained document that loads nothing.

One decision: the content security policy forbids scripts and all resources, so a page can be opened anywhere, whatever
text it quotes. A page that has to be searched may have one script of Aurora's, which the policy names by its hash.
"""

from __future__ import annotations

import base64
import hashlib
import html
from functools import cache
from importlib import resources
from typing import Literal

from aurora.reporting.page.markup import Html, tag

# Nothing may be loaded or executed: everything the page needs is in it. A page with a script has this and more.
SECURITY_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


# What a page is of. It says so itself, so that a page of one kind never replaces one of another, a run's report say.
Kind = Literal["report", "corpus", "comparison"]


def document(kind: Kind, title: str, description: str, content: Html, closing: str, script: str = "") -> str:
    """A whole HTML document around its content, with a closing line; `script`, code of ours alone, runs at its end."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=SECURITY_POLICY + _allowed(script)),
        _mark(kind),
        tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name_="color-scheme", content="light dark"),
        tag("meta", name_="description", content=description),
        tag("title", title),
        tag("link", rel="icon", href="data:,"),
        tag("style", Html(style())),
    )
    body = tag("body", content, tag("footer", tag("p", closing)), tag("script", Html(script)) if script else None)
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def is_page(beginning: bytes, kind: Kind) -> bool:
    """Whether a file with this beginning is a page of that kind made here: no other has exactly this policy."""
    return html.escape(SECURITY_POLICY).encode() in beginning and _mark(kind).encode() in beginning


def _mark(kind: Kind) -> Html:
    return tag("meta", name_="generator", content=f"Aurora: {kind}")


def _allowed(script: str) -> str:
    """What the policy says of a script: that it may run, and no other."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"; script-src 'sha256-{digest}'" if script else ""


@cache
def style() -> str:
    """The sheet that all pages share."""
    return resources.files("aurora.reporting").joinpath("data/page.css").read_text(encoding="utf-8")

"""HTML and SVG as values.

One decision: text is escaped by construction. A child that is a plain `str` is data and is escaped; only what `tag`
itself returned (`Html`) is markup. So no sample, prompt or recipe can become part of the page's structure.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import TypeAlias

# Elements without an end tag, and the SVG shapes that never have children here.
VOID = frozenset({"br", "col", "hr", "input", "link", "meta"})
EMPTY = VOID | {"rect", "line", "circle", "path", "polyline", "use"}
# Characters that HTML forbids: controls except tab and newline, surrogates, and non-characters.
FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


Child: TypeAlias = "str | int | Iterable[Child] | None"


def escape(text: str) -> Html:
    """`text` as HTML content or attribute value; characters HTML forbids become U+FFFD or their visible picture."""
    return Html(html.escape(FORBIDDEN.sub(_visible, text.replace("\r\n", "\n")), quote=True))


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    return chr(0x2400 + code) if code < 0x20 else "\ufffd"


def join(*children: Child) -> Html:
    """Children one after the other: strings escaped, markup as it is, None left out."""
    return Html("".join(_flat(children)))


def _flat(children: Iterable[Child]) -> Iterable[str]:
    for child in children:
        if isinstance(child, Html):
            yield child
        elif isinstance(child, (str, int)):
            yield escape(str(child))
        elif child is not None:
            yield from _flat(child)


def tag(name: str, *children: Child, **attributes: str | int | None) -> Html:
    """An element. `class_` is `class`, `aria_label` is `aria-label`; an attribute that is None is left out."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in EMPTY:
        return Html(f"<{name}{written}>" if name in VOID else f"<{name}{written}/>")
    return Html(f"<{name}{written}>{join(*children)}</{name}>")

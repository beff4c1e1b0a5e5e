"""How tests read a page: its structure checked, its tables as rows of words."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Checked(HTMLParser):
    """Fails on a tag that is not closed where it should be; collects what the page holds."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str, str | None]] = []
        self.pictures: list[set[str]] = []
        self.text = ""
        self.feed(page)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), f"an attribute twice in <{tag}>"
        self.tags.add(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if ("role", "img") in attrs:
            self.pictures.append(set())
        if self.pictures and "svg" in self.open:
            self.pictures[-1].add(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert "svg" in self.open, f"<{tag}/> outside a drawing"
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data

    def values(self, name: str) -> list[str | None]:
        return [value for _, found, value in self.attributes if found == name]


def plain(text: str) -> str:
    """Narrow spaces and typographic minus signs as a keyboard has them."""
    return text.replace("\u202f", " ").replace("−", "-")


def rows(page: str, caption: str) -> list[list[str]]:
    """The cells of the table whose caption begins so, row by row, the headings first."""
    found = re.search(rf"<caption><span>{re.escape(caption)}.*?</table>", page, re.S)
    assert found, f"no table {caption}"
    return [
        [plain(html.unescape(re.sub(r"<[^>]+>", "", cell))) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
        for row in re.findall(r"<tr>(.*?)</tr>", found[0], re.S)
    ]

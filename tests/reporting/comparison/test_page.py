"""The whole page, also in a real browser: filters, search, keyboard, two widths, light and dark, paper."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aurora.errors import UserError
from aurora.reporting.comparison.page import render_comparison, write_comparison_page
from aurora.reporting.page import browser
from reporting.reading import Checked

Made = Callable[..., dict[str, Any]]
Rows = Callable[..., list[dict[str, Any]]]
BESIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
SHOWN = "[...document.querySelectorAll('.item')].filter(item => !item.hidden).map(item => item.dataset.states)"
SET = "(() => {{ const it = document.getElementById('{}'); it.value = '{}'; \
it.dispatchEvent(new Event('input', {{bubbles: true}})) }})()"


def test_the_page_stands_alone_and_runs_its_own_script_alone(three: list[dict[str, Any]], rows: Rows) -> None:
    three[0]["name"] = "<script>x</script>"
    page = render_comparison(three, rows(three))
    checked = Checked(page)
    assert page.count("<script") == 1
    assert [name for name in ("src", "srcset", "action", "onclick") if checked.values(name)] == []
    assert all(str(address).startswith(("#", "data:")) for address in checked.values("href"))
    assert page.index("forgotten") < page.index('id="scores"') < page.index('id="items"')
    assert render_comparison(three, rows(three)) == page


def test_it_is_written_over_a_page_of_ours_and_nothing_else(
    three: list[dict[str, Any]], rows: Rows, tmp_path: Path
) -> None:
    for _ in range(2):
        write_comparison_page(three, rows(three), tmp_path / "page.html")
    mine = tmp_path / "mine.html"
    mine.write_text("<html>mine</html>", encoding="utf-8")
    with pytest.raises(UserError, match=r"mine\.html was not written by this command"):
        write_comparison_page(three, rows(three), mine)
    assert mine.read_text(encoding="utf-8") == "<html>mine</html>"


@pytest.fixture
def address(three: list[dict[str, Any]], rows: Rows, tmp_path: Path) -> str:
    """The page of three checkpoints, of which one has a long name."""
    three[2]["name"] = "a-checkpoint-with-quite-a-long-name"
    write_comparison_page(three, rows(three), tmp_path / "page.html")
    return (tmp_path / "page.html").as_uri()


@pytest.mark.browser
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_and_nothing_is_in_the_console(tab: browser.Page, address: str, width: int, dark: bool) -> None:
    tab.show(width, 800, dark)
    tab.open(address)
    assert tab.problems == []
    assert tab.evaluate(BESIDE) == 0
    tab.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
    assert tab.evaluate(BESIDE) == 0


@pytest.mark.browser
def test_items_are_filtered_and_searched(tab: browser.Page, address: str) -> None:
    tab.show(1280, 800)
    tab.open(address)
    assert tab.evaluate("document.getElementById('shown').textContent") == "1 to 25 of 120"
    tab.evaluate(SET.format("model", "1"))
    tab.evaluate(SET.format("kind", "10"))
    assert set(tab.evaluate(SHOWN)) == {"101"}
    assert tab.evaluate("document.getElementById('shown').textContent") == "1 to 25 of 38"
    tab.evaluate("document.getElementById('next').click()")
    assert len(tab.evaluate(SHOWN)) == 13
    tab.evaluate(SET.format("model", "2"))
    assert tab.evaluate(SHOWN) == []
    assert tab.evaluate("document.getElementById('none').hidden") is False
    tab.evaluate(SET.format("kind", ""))
    tab.evaluate(SET.format("words", "NEW_fi/7? the"))
    assert len(tab.evaluate(SHOWN)) == 1
    assert tab.problems == []


@pytest.mark.browser
def test_it_is_used_by_keyboard(tab: browser.Page, address: str) -> None:
    tab.show(1280, 800)
    tab.open(address)

    def press(key: str, code: int, text: str = "") -> None:
        for kind in ("keyDown", "keyUp"):
            tab.call("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, text=text)

    tab.evaluate("document.getElementById('words').focus()")
    seen = []
    for _ in range(5):
        press("Tab", 9)
        seen.append(tab.evaluate("document.activeElement.id || document.activeElement.localName"))
    assert seen == ["kind", "model", "unit", "summary", "summary"]
    press("Enter", 13, "\r")
    assert tab.evaluate("document.activeElement.parentElement.open") is True
    assert tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


@pytest.mark.browser
def test_it_prints_what_is_shown(tab: browser.Page, address: str) -> None:
    tab.open(address)
    printed = base64.b64decode(tab.call("Page.printToPDF", printBackground=True)["data"])
    assert printed.count(b"/Type /Page\n") > 2
    tab.call("Emulation.setEmulatedMedia", media="print")
    assert tab.evaluate("getComputedStyle(document.getElementById('filters')).display") == "none"
    tab.call("Emulation.setEmulatedMedia", media="")

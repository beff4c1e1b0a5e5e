"""The page in a real browser: nothing in the console, nothing beside the screen, no label over another."""

from __future__ import annotations

import base64
import struct
from pathlib import Path
from typing import Any

import pytest

from aurora.errors import UserError
from aurora.reporting.page import browser
from aurora.reporting.report import write_report

pytestmark = pytest.mark.browser

# Texts of one drawing that lie over each other by more than a pixel, and texts that leave their drawing.
OVERLAPS = """
[...document.querySelectorAll('svg.drawing')].flatMap(drawing => {
  const frame = drawing.getBoundingClientRect();
  const boxes = [...drawing.querySelectorAll('text')].map(text => [text, text.getBoundingClientRect()])
    .filter(([, box]) => box.width > 0);
  const outside = boxes.filter(([, box]) => box.left < frame.left - 1 || box.right > frame.right + 1);
  const meet = (one, other) => one.left < other.right - 1 && other.left < one.right - 1
    && one.top < other.bottom - 3 && other.top < one.bottom - 3;
  const over = boxes.filter(([, one], place) => boxes.slice(place + 1).some(([, other]) => meet(one, other)));
  return [...outside, ...over].map(([text]) => drawing.querySelector('title').textContent + ': ' + text.textContent);
})
"""
BESIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# Contrast of the text of an element with the page under it, as WCAG computes it.
CONTRAST = """
(() => {
  const light = colour => {
    const parts = colour.match(/[0-9.]+/g).slice(0, 3).map(part => part / 255)
      .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  };
  const ground = element => {
    for (let place = element; place; place = place.parentElement) {
      const colour = getComputedStyle(place).backgroundColor;
      if (!/, 0\\)$/.test(colour) && colour.startsWith('rgb')) return light(colour);
    }
    return light(getComputedStyle(document.body).backgroundColor);
  };
  return ['h1', 'p.lead', '.finding p', '.finding b', 'figcaption span', 'td.number', 'thead th', 'summary', 'nav a',
          '.opening', 'small', '.facts dt', 'footer p'].map(name => {
    const element = document.querySelector(name);
    const [one, other] = [light(getComputedStyle(element).color), ground(element)].sort((a, b) => b - a);
    return [name, (one + 0.05) / (other + 0.05)];
  }).filter(([, contrast]) => contrast < 4.5);
})()
"""


@pytest.fixture
def page(data: dict[str, Any], tmp_path: Path) -> Path:
    """The example's page on disk."""
    return write_report(data, tmp_path)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [320, 360, 375, 768, 1280])
def test_the_page_fits_and_reads_at_every_width(tab: browser.Page, page: Path, width: int, dark: bool) -> None:
    tab.show(width, 800, dark)
    tab.open(page.as_uri())
    assert tab.problems == []
    assert tab.evaluate(BESIDE) == 0
    assert tab.evaluate(OVERLAPS) == []
    assert tab.evaluate(CONTRAST) == []
    # Folded parts must fit as well.
    tab.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
    assert tab.evaluate(BESIDE) == 0


def test_dark_and_light_differ(tab: browser.Page, page: Path) -> None:
    grounds = []
    for dark in (False, True):
        tab.show(375, 800, dark)
        tab.open(page.as_uri())
        grounds.append(tab.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert grounds[0] == "rgb(255, 255, 255)"
    assert grounds[1] != grounds[0]


def test_names_of_any_length_stay_inside(tab: browser.Page, data: dict[str, Any], tmp_path: Path) -> None:
    for number, stage in enumerate(data["stages"]):
        stage["name"] = f"a-stage-with-quite-a-long-name-{number}"
        stage["token_shares"] = {f"a-source-with-a-long-name/{number}-{k}": 0.05 for k in range(20)}
    data["control"]["stage"] = data["stages"][1]["name"]
    data["hashes"] = {"x" * 300: "y" * 300}
    data["stages"][0]["samples"][0]["text"] = "z" * 2000
    data["environment"]["command"] = "w" * 500
    tab.show(360, 800)
    tab.open(write_report(data, tmp_path).as_uri())
    assert tab.evaluate(BESIDE) == 0


def test_the_page_prints_with_its_folded_parts(tab: browser.Page, page: Path) -> None:
    tab.open(page.as_uri())
    answer = tab.call("Page.printToPDF", printBackground=True, preferCSSPageSize=True)
    printed = base64.b64decode(answer["data"])
    assert printed.startswith(b"%PDF-")
    assert printed.count(b"/Type /Page\n") > 5


def test_problems_of_a_page_are_noticed(tab: browser.Page, tmp_path: Path) -> None:
    bad = tmp_path / "bad.html"
    bad.write_text("<script>console.error('broken'); undefined.name</script><img src='gone.png'>", encoding="utf-8")
    tab.open(bad.as_uri())
    assert len(tab.problems) >= 3
    assert "broken" in tab.problems
    tab.problems.clear()


def test_a_picture_for_the_readme(page: Path, tmp_path: Path, chromium: str) -> None:
    mine = tmp_path / "mine.png"
    mine.write_bytes(b"\x89PNG\r\n\x1a\n and more of my own")
    with pytest.raises(UserError, match=r"mine\.png was not written by this command"):
        browser.photograph(page, mine)
    for _ in range(2):  # its own it takes again
        picture = browser.photograph(page, tmp_path / "report.png", width=1280, height=960, source="a run")
    image = picture.read_bytes()
    assert browser.is_of(image, "a run")
    assert not browser.is_of(image, "a")
    assert not browser.is_of(mine.read_bytes(), "")
    assert image.startswith(b"\x89PNG")
    assert struct.unpack(">II", image[16:24]) == (1280, 960)
    assert len(image) < 300_000

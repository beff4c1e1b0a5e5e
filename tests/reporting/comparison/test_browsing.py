"""The items of the page: everything that was answered, escaped, within bounds, with all filters."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from aurora.reporting.comparison import browsing
from aurora.reporting.comparison.browsing import browser
from aurora.reporting.comparison.items import items_of
from reporting.reading import Checked, plain
from reporting.reading import rows as cells

Made = Callable[..., dict[str, Any]]
HOSTILE = "</details><script>alert(1)</script>"


def test_an_item_has_its_choices_and_each_wording_and_checkpoint(made: Made) -> None:
    results = [made("a", t_fi=[0]), made("b", t_fi=[1])]
    page = str(browser(items_of(results), ["a", "b"]))
    text = Checked(page).text
    assert "What is t_fi/0?" in text
    assert "the second (right)" in text
    assert cells(page, "Score and answer") == [
        ["wording", "a", "b"],
        *[[f"cloze-{number}", "0 -2.50 · -1.25", "1 -2.50 · -1.25"] for number in (1, 2, 3)],
    ]
    assert cells(page, "Items beside a")[1] == ["b", "1", "0", "0", "0"]
    assert 'data-states="01" data-unit="0"' in page
    assert "1 of 1 items are on this page" in text
    assert "stand for a and b, in this order" in text
    assert 'role="img" aria-label="a wrong, b right"' in page


def test_answers_that_were_written_stand_beside_the_right_ones(made: Made) -> None:
    results = [made("a", t_fi=[0.5, 1])]
    for wording in results[0]["tasks"]["t_fi"]["forms"]["cloze"]["wordings"].values():
        first, second = ({key: item[key] for key in ("id", "score")} for item in wording["items"])
        first |= {"target": ["seven", "7"], "answer": HOSTILE}
        second |= {"target": [], "answer": ["x = 1", "x = 2", "x = 3"]}
        third = {"id": "t_fi/2", "score": 0.0, "answer": " \n"}
        wording["items"] = [first, second, third]
    page = str(browser(items_of(results), ["a"]))
    checked = Checked(page)
    assert "script" not in checked.tags
    assert "Right: seven / 7" in checked.text
    assert f"0.50 {HOSTILE}" in checked.text
    assert "1 x = 1 and 2 more" in plain(checked.text)
    assert "0 nothing" in checked.text


def test_texts_are_escaped_and_long_ones_keep_their_end(made: Made) -> None:
    results = [made("a", t_fi=[1])]
    results[0]["tasks"]["t_fi"]["texts"]["t_fi/0"] = {
        "prompt": HOSTILE + "x" * 5000 + " the end?",
        "choices": [HOSTILE],
    }
    page = str(browser(items_of(results), ["a"]))
    checked = Checked(page)
    assert "script" not in checked.tags
    assert "[…]" in checked.text
    assert ">… the end?</span></summary>" in page  # two questions about one passage begin alike
    assert "the end?" in checked.text
    assert len(page) < 8000


def test_filters_fit_what_there_is(made: Made) -> None:
    several = [made(name, t_fi=[1, 0], u_ja=[0, 1]) for name in ("a", "b", "c")]
    page = str(browser(items_of(several), ["a", "b", "c"]))
    assert re.findall(r"<option value=\"(\w*)\"", page) == ["", "flip", "01", "10", "11", "00", "2", "1", "", "0", "1"]
    alone = str(browser(items_of(several[:1]), ["a"]))
    assert re.findall(r"<option value=\"(\w*)\"", alone) == ["", "1", "0", "", "0", "1"]
    assert 'id="filters" role="search" hidden=""' in page


def test_the_page_is_bounded_and_says_what_it_leaves_out(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    results = [made("a", t_fi=[1] * 20)]
    monkeypatch.setattr(browsing, "MOST_LETTERS", 9000)
    page = str(browser(items_of(results), ["a"]))
    number = page.count("<details")
    assert 1 < number < 20
    assert f"{number} of 20 items are on this page, those that flipped first; all are in the files of results." in page

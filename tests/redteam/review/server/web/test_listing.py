"""Lists, one item and progress: escaped, blind, and searched without a query that a user could write."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest

from aurora.redteam.review.log.contents import Draft
from aurora.redteam.review.server.starting import Project, admin_of
from aurora.redteam.review.server.web.listing import Agreement
from redteam.review.server.people import CATEGORIES, Browser, fill, item

Enter = Callable[..., Browser]
# Texts that would be a program if any page took them for markup.
STORED = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</textarea><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' autofocus onfocus=alert(1) x='",
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% raw %}${7*7}",
    "<!--<script>",
    "\u2028</title><base href=//evil>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
)
SAFE = {"script", "link"}


class Seen(HTMLParser):
    """The elements and handlers of a page."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.odd: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("img", "svg", "iframe", "base", "object", "embed", "style"):
            self.odd.append(tag)
        if (
            tag == "script"
            and not (given.get("src", "") or "").startswith("/static/")
            and given.get("type") != "application/json"
        ):
            self.odd.append("script")
        self.odd += [name for name in given if name.startswith("on") or name == "srcdoc"]
        self.odd += [value for name, value in attrs if name in ("href", "src") and value and "script:" in value]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_stored_text_is_never_markup(project: Project, enter: Enter) -> None:
    with project.store.writing() as writer:
        for number, text in enumerate(STORED):
            line = text.replace("\u2028", " ")
            content = item(
                number,
                prompt=text,
                response=text,
                source=line,
                license=line,
                drafts=[Draft(id="d", text=text, by=line)],
            )
            writer.add("import", admin_of(project.store), content, f"item-{number}")
    ada, judge = enter("ada"), enter("judge", "adjudicator")
    for number, text in enumerate(STORED):
        ada.say("refuse", ada.work(), response=text, note=text)
        judge.get("/items")
        room = judge.post("/rooms", item=f"item-{number}").headers["location"]
        judge.get(room)
        judge.post(f"{room}/vote", label="refuse", note=text)
        judge.post(f"{room}/reveal")
        judge.post(f"{room}/say", text=text)
        pages = [(judge, f"/items/item-{number}"), (ada, f"/items/item-{number}"), (judge, room), (judge, "/items")]
        pages += [(ada, f"/items?q={text}"), (ada, f"/login?x={text}"), (ada, f"/{text}"), (judge, f"/rooms/{text}")]
        for browser, address in pages:
            seen = Seen(browser.client.get(address).text)
            assert seen.odd == [], address
        assert text in Seen(judge.client.get(f"/items/item-{number}").text).text
    for screen in ("/review", "/settle"):
        assert Seen(judge.client.get(screen).text).odd == []


@pytest.mark.parametrize(
    "words", ["' OR 1=1 --", "%' UNION SELECT password FROM accounts --", "'; DROP TABLE events; --", "%", "_"]
)
def test_a_search_is_words_and_never_a_query(project: Project, enter: Enter, words: str) -> None:
    fill(project)
    judge = enter("judge", "adjudicator")
    for name in ("q", "language", "category", "status"):
        answer = judge.client.get("/items", params={name: words})
        assert answer.status_code == 200
        assert "0 items" in answer.text
        assert "argon2" not in answer.text
    assert "4 items" in judge.client.get("/items").text


def test_filters_and_pages(project: Project, enter: Enter) -> None:
    fill(project, 120)
    judge = enter("judge", "adjudicator")
    assert "60 items, 1 to 50 shown" in judge.client.get("/items?language=fi").text
    assert "60 items, 51 to 60 shown" in judge.client.get("/items?language=fi&at=50").text
    assert "1 item." in judge.client.get("/items?q=prompt 77").text
    assert "120 items" in judge.client.get("/items?status=open").text
    assert "60 items" in judge.client.get(f"/items?category={CATEGORIES[0]}").text
    for at in ("-5", "999999"):
        assert judge.client.get(f"/items?at={at}").status_code == 200
    assert judge.client.get("/items?at=x").status_code == 422


def test_a_reviewer_sees_own_items_and_own_words_alone(project: Project, enter: Enter) -> None:
    fill(project, 2)
    ada, bob = enter("ada"), enter("bob")
    ada.say("refuse", ada.work(), note="Ada's note.")
    bob.say("discard", bob.work(), note="Bob's note.")
    page = bob.client.get("/items/item-0").text
    assert "Bob&#39;s note." in page
    assert "Ada" not in page
    assert "1 item." in bob.client.get("/items").text
    assert bob.client.get("/items/item-1").status_code == 404
    judge = enter("judge", "adjudicator")
    assert "Ada" not in judge.client.get("/items/item-0").text  # a third is asked: it is not decided
    cid = enter("cid")
    cid.say("answer", cid.work())
    assert "Ada&#39;s note." in judge.client.get("/items/item-0").text


def test_progress_says_what_is_not_defined(project: Project, enter: Enter) -> None:
    fill(project, 4)
    ada, bob = enter("ada"), enter("bob")
    assert "not defined: no item has two reviews" in ada.client.get("/progress").text
    for browser in (ada, bob):
        browser.say("refuse", browser.work())
    project_page = enter("root2", "admin").client.get("/progress").text
    assert "not defined" in project_page
    assert "1.000" not in project_page  # one label alone is no agreement
    assert "of 4 items are decided" in project_page
    assert "Finnish" in project_page


def test_agreement_is_computed_anew_when_something_changed(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int] = []

    def table(state: Any) -> dict[str, Any]:
        counted.append(state.count)
        return {"labels": state.count}

    monkeypatch.setattr("aurora.redteam.review.server.web.listing.agreement_table", table)
    agreement, state = Agreement(), project.store.state
    agreement.table(state)
    agreement.table(state)
    assert counted == [1]
    fill(project, 1)
    agreement._until = 0.0
    assert agreement.table(state) == {"labels": 2}

"""The screen's addresses: what they keep, what they refuse, and that a key stores what its button shows."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest

from aurora.redteam.review.log.contents import DEFAULT_LABELS, Label, Settings
from aurora.redteam.review.server.starting import Project, admin_of
from aurora.redteam.review.server.web.reviewing import FREE_KEYS, keys_of
from redteam.review.server.people import Browser, fill

Enter = Callable[..., Browser]
ODD = [
    Label(id="x1", title='<b>"odd"</b> & co', key="z"),
    Label(id="x2", title="Without a key"),
    Label(id="x3", title="Another without", keeps=False),
]


def test_two_people_label_and_an_adjudicator_settles(project: Project, enter: Enter) -> None:
    fill(project, 1)
    people = [enter("ada"), enter("bob"), enter("cid")]
    for browser, label in zip(people, ("refuse", "answer", "discard"), strict=True):
        answer = browser.say(label, browser.work(), response=f"As {label}.", note="a note")
        assert answer.status_code == 200
        assert answer.json()["item"] is None
    judge = enter("judge", "adjudicator")
    work = judge.work("settle")
    assert [draft["title"] for draft in work["item"]["drafts"]][:3] == ["Reviewer A", "Reviewer B", "Reviewer C"]
    assert judge.say("refuse", work).status_code == 200
    assert project.store.state.items["item-0"].status == "accepted"
    assert judge.send("/api/step/undo", mode="settle").json()["item"]["id"] == "item-0"
    assert judge.send("/api/step/redo", mode="settle").json()["item"] is None
    assert project.store.state.items["item-0"].status == "accepted"


def test_a_stale_version_gets_409_with_both_texts(project: Project, enter: Enter) -> None:
    fill(project, 1)
    ada = enter("ada")
    work = ada.work()
    assert ada.say("refuse", work, response="First.").status_code == 200
    answer = ada.say("answer", work, response="Second.")
    assert answer.status_code == 409
    assert answer.json()["theirs"]["response"] == "First."
    assert answer.json()["said"]
    assert ada.say("answer", work, response="Second.", version=answer.json()["version"]).status_code == 200


def test_one_choice_stores_one_value(project: Project, enter: Enter) -> None:
    fill(project, 1)
    ada = enter("ada")
    work = ada.work()
    assert ada.say("refuse", work, label=["refuse", "answer"]).status_code == 422
    assert ada.say("refuse", work).status_code == 200
    (given,) = project.store.state.items["item-0"].reviews.values()
    assert given.review.label == "refuse"


@pytest.mark.parametrize("extra", [[], ODD], ids=["as they come", "odd ones"])
def test_every_key_of_every_screen_stores_what_its_button_shows(
    project: Project, enter: Enter, extra: list[Label]
) -> None:
    with project.store.writing() as writer:
        settings = Settings(labels=[*DEFAULT_LABELS, *extra])
        if extra:
            writer.add("settings", admin_of(project.store), settings)
    titles = {label.id: label.title for label in project.store.state.labels.values()}
    for browser, screen in ((enter("ada"), "/review"), (enter("judge", "adjudicator"), "/settle")):
        html = browser.client.get(screen).text
        buttons = re.findall(
            r'data-label="(\S+)" data-key="(\S)" aria-keyshortcuts="(\S)".*?<kbd>(.)</kbd> (.*?)</b', html
        )
        assert len(buttons) == len(titles)
        assert len({key for _, key, *_ in buttons}) == len(titles)
        for label, key, told, shown, title in buttons:
            assert key == told == shown
            assert unescape(title) == titles[label]
        listed = re.findall(r"<dt><kbd>(\w)</kbd></dt><dd>(.*?)</dd>", html)  # in the list of keys
        assert {key: unescape(title) for key, title in listed} == {key: titles[label] for label, key, *_ in buttons}


def test_labels_without_a_key_get_one_that_is_free() -> None:
    labels = [Label(id=f"l{number}", title="x", key="1" if number == 3 else "") for number in range(30)]
    keys = [key for key, _ in keys_of(labels)]
    assert len(set(keys)) == 30
    assert keys[3] == "1"
    assert set(keys) <= set(FREE_KEYS)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"label": "no-such"}, "there is no label"),
    ({"category": "no-such"}, "has no category"),
    ({"item": "no-such"}, "there is no item"),
    ({"item": "../../etc/passwd"}, "there is no item"),
    ({"item": "item-0' OR '1'='1"}, "there is no item"),
    ({"version": "0"}, "version"),
    ({"version": None}, "version"),
    ({"chosen": ["no-such-draft"]}, "has no draft"),
    ({"chosen": ["x"] * 51}, "chosen"),
    (
        {"response": "\ud800".encode("utf-16", "surrogatepass").decode("utf-16", "replace") + "\x00"},
        "control character",
    ),
    ({"response": "x" * 100_001}, "response"),
    ({"note": "x" * 4_001}, "note"),
    ({"token": "short"}, "token"),
    ({"token": "'; DROP TABLE events; --"}, "token"),
]


def test_what_is_no_label_is_refused_in_a_sentence(project: Project, enter: Enter) -> None:
    fill(project, 1)
    ada = enter("ada")
    work, count = ada.work(), project.store.state.count
    for values, said in WRONG:
        answer = ada.say("refuse", work, **values)
        assert answer.status_code == 422, values
        assert said in answer.json()["said"], values
    for body in (b"", b"[]", b"{", b"\xff", b'{"token": NaN}', b"[" * 50_000):
        assert ada.client.post("/api/review", content=body, headers={"X-Form": ada.form}).status_code in (400, 422)
    assert project.store.state.count == count


def test_a_reviewer_reaches_nothing_of_an_adjudicator(project: Project, enter: Enter) -> None:
    fill(project, 1)
    ada = enter("ada")
    assert ada.client.get("/settle").status_code == 403
    assert ada.client.get("/api/work", params={"mode": "settle"}).status_code == 403
    assert ada.say("refuse", ada.work() | {"mode": "settle"}).status_code == 403
    assert ada.send("/api/step/undo", mode="settle").status_code == 422
    assert ada.client.get("/api/work", params={"item": "item-0"}).status_code == 422
    assert not project.store.state.items["item-0"].adjudicated


def test_skip_seen_and_filters(project: Project, enter: Enter) -> None:
    fill(project, 3)
    ada = enter("ada")
    assert ada.work(language="fi")["item"]["id"] == "item-1"
    assert ada.send("/api/work/skip", item="item-1", languages=["en"]).json()["item"]["id"] == "item-0"
    assert ada.send("/api/work/seen", item="item-0").json()["today"] == 1
    assert ada.send("/api/work/seen", item="nothing").status_code == 422
    assert ada.work(category="no-such")["item"] is None


def test_an_own_label_can_be_changed_later(project: Project, enter: Enter) -> None:
    fill(project, 2)
    ada = enter("ada")
    ada.say("refuse", ada.work(), response="Mine.")
    again = ada.work(item="item-0")
    assert again["item"]["own"]["response"] == "Mine."
    assert ada.say("answer", again).status_code == 200
    (given,) = project.store.state.items["item-0"].reviews.values()
    assert given.review.label == "answer"

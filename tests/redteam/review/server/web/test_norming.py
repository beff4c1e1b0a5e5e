"""Norming rooms: votes are hidden until they are shown, and decide nothing."""

from __future__ import annotations

from collections.abc import Callable

from aurora.redteam.review.server.starting import Project
from redteam.review.server.people import Browser, fill

Enter = Callable[..., Browser]


def test_a_vote_is_hidden_then_shown_then_talked_about(project: Project, enter: Enter) -> None:
    fill(project, 1)
    ada, bob, judge = enter("ada"), enter("bob"), enter("judge", "adjudicator")
    judge.get("/rooms")
    assert judge.post("/rooms", item="item-0").headers["location"] == "/rooms/room-1"
    for browser, label in ((ada, "refuse"), (bob, "answer")):
        browser.get("/rooms/room-1")
        assert browser.post("/rooms/room-1/vote", label=label, note=f"Because {label}.").status_code == 303
    assert "Because refuse." not in bob.client.get("/rooms/room-1").text
    assert "shown yet" in ada.post("/rooms/room-1/say", text="Too early").text
    assert ada.post("/rooms/room-1/reveal").status_code == 403
    assert judge.post("/rooms/room-1/reveal").status_code == 303
    assert "Because refuse." in bob.client.get("/rooms/room-1").text
    assert ada.post("/rooms/room-1/say", text="I see.").status_code == 303
    assert "I see." in bob.client.get("/rooms/room-1").text
    assert "have been revealed" in ada.post("/rooms/room-1/vote", label="answer").text
    assert not project.store.state.items["item-0"].reviews
    assert "2 votes, shown" in ada.client.get("/rooms").text


def test_a_vote_can_be_changed_before_it_is_shown(project: Project, enter: Enter) -> None:
    fill(project, 1)
    judge = enter("judge", "adjudicator")
    judge.get("/rooms")
    judge.post("/rooms", item="item-0")
    judge.post("/rooms/room-1/vote", label="refuse")
    judge.post("/rooms/room-1/vote", label="answer")
    assert [vote.label for vote in project.store.state.rooms["room-1"].votes.values()] == ["answer"]
    assert "there is no label" in judge.post("/rooms/room-1/vote", label="nothing").text


def test_rooms_that_are_not_there(project: Project, enter: Enter) -> None:
    ada, judge = enter("ada"), enter("judge", "adjudicator")
    assert ada.client.get("/rooms/room-9").status_code == 404
    assert ada.post("/rooms", item="item-0").status_code == 403
    assert "there is no item" in judge.post("/rooms", item="nothing").text
    assert judge.post("/rooms/room-9/vote", label="refuse").headers["location"] == "/rooms/room-9"

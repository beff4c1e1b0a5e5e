"""Labelling, settling, undoing: what is kept, what is shown next, and what nobody is told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aurora.errors import UserError
from aurora.redteam.review.log.contents import Review
from aurora.redteam.review.server.desk.desk import Conflict, Desk, Wish, Word
from aurora.redteam.review.server.desk.exposure import Exposure
from aurora.redteam.review.server.desk.work import Work
from aurora.redteam.review.server.keeping.accounts import Person
from aurora.redteam.review.server.starting import Project
from redteam.review.server.people import CATEGORIES, fill, join

SETTLE = Wish("settle")


def desk_of(project: Project) -> Desk:
    return Desk(project.store, Work(project.store), Exposure())


@pytest.fixture
def desk(project: Project) -> Desk:
    return desk_of(project)


def word(shown: dict[str, Any], label: str = "refuse", token: str = "", **values: Any) -> Word:
    review = Review(label=label, **{"category": shown["item"]["category"]} | values)
    return Word(shown["item"]["id"], shown["item"]["version"], review, token, Wish(shown["mode"]))


def label(desk: Desk, person: Person, label: str = "refuse", wish: Wish | None = None, **values: Any) -> dict[str, Any]:
    return desk.say(person, word(desk.next(person, wish or Wish()), label, **values))


def test_nobody_learns_what_others_said_or_what_an_item_is_meant_to_be(project: Project, desk: Desk) -> None:
    fill(project, 1)
    ada, bob = join(project, "ada"), join(project, "bob")
    label(desk, ada, "discard", response="Ada's own answer.", note="Ada's own note.")
    shown = desk.next(bob, Wish())
    text = json.dumps(shown)
    assert "Ada" not in text
    assert ada.reviewer not in text
    assert "kind" not in shown["item"]
    assert shown["item"]["own"] is None
    assert set(shown["item"]) == {
        "id", "version", "prompt", "response", "language", "language_name", "policy", "category", "drafts", "own",
    }  # fmt: skip


def test_two_alike_decide_and_a_third_is_asked_where_they_are_not(project: Project, desk: Desk) -> None:
    fill(project, 2)
    people = [join(project, name) for name in ("ada", "bob", "cid")]
    for person, labels in zip(people, (("refuse", "refuse"), ("refuse", "answer"), ("refuse",)), strict=True):
        for said in labels:
            label(desk, person, said)
    items = list(project.store.state.items.values())
    assert [(item.status, len(item.reviews)) for item in items] == [("accepted", 2), ("disagreed", 3)]
    assert desk.next(people[0], Wish())["why"] == "All items are reviewed."


def test_a_stale_window_gets_both_texts_and_overwrites_nothing(project: Project, desk: Desk) -> None:
    fill(project, 1)
    ada = join(project, "ada")
    one, other = desk.next(ada, Wish()), desk.next(ada, Wish())
    desk.say(ada, word(one, response="The first window's."))
    with pytest.raises(Conflict) as conflict:
        desk.say(ada, word(other, response="The second window's."))
    assert conflict.value.theirs is not None
    assert conflict.value.theirs.response == "The first window's."
    stands = project.store.state.items["item-0"].reviews[ada.reviewer]
    assert stands.review.response == "The first window's."
    later = Word("item-0", conflict.value.version, Review(label="answer", category=CATEGORIES[0]), "t")
    desk.say(ada, later)
    assert project.store.state.items["item-0"].reviews[ada.reviewer].review.label == "answer"


def test_a_request_that_comes_twice_is_done_once(project: Project, desk: Desk) -> None:
    fill(project, 3)
    ada = join(project, "ada")
    said = word(desk.next(ada, Wish()), token="the-same-token")
    first, second = desk.say(ada, said), desk.say(ada, said)
    assert first["item"]["id"] == second["item"]["id"] == "item-1"
    assert sum(len(item.reviews) for item in project.store.state.items.values()) == 1
    desk.step(ada, "undo", Wish(), "an-undo-token")
    desk.step(ada, "undo", Wish(), "an-undo-token")
    assert len(project.store.state.undone[ada.reviewer]) == 1


def test_undo_and_redo_go_back_over_a_restart(open_project: Any) -> None:
    project = open_project()
    fill(project, 3)
    ada = join(project, "ada")
    for _ in range(3):
        label(desk_of(project), ada, response="Mine.")
    project.close()
    project = open_project()
    desk = desk_of(project)
    for number in (2, 1, 0):
        shown = desk.step(ada, "undo", Wish(), "")
        assert shown["item"]["id"] == f"item-{number}"
        assert shown["item"]["own"]["response"] == "Mine."
        assert shown["item"]["own"]["label"] is None
    with pytest.raises(UserError, match="nothing to undo"):
        desk.step(ada, "undo", Wish(), "")
    project.close()
    project = open_project()
    for _ in range(3):
        desk_of(project).step(ada, "redo", Wish(), "")
    assert all(ada.reviewer in item.reviews for item in project.store.state.items.values())


def test_an_undone_label_can_be_given_otherwise(project: Project, desk: Desk) -> None:
    fill(project, 1)
    ada = join(project, "ada")
    label(desk, ada)
    shown = desk.step(ada, "undo", Wish(), "")
    desk.say(ada, word(shown, "answer"))
    assert project.store.state.items["item-0"].reviews[ada.reviewer].review.label == "answer"


def disagree(project: Project, desk: Desk) -> None:
    """Three people, three labels."""
    fill(project, 1)
    for name, said in (("ada", "refuse"), ("bob", "answer"), ("cid", "discard")):
        label(desk, join(project, name), said, response=f"As {said}.")
    assert project.store.state.items["item-0"].status == "disagreed"


def test_an_adjudicator_sees_all_and_settles_once(project: Project, desk: Desk) -> None:
    disagree(project, desk)
    judge, other = join(project, "judge", "adjudicator"), join(project, "other", "adjudicator")
    shown = desk.next(judge, SETTLE)
    assert [draft["text"] for draft in shown["item"]["drafts"]][:3] == ["As refuse.", "As answer.", "As discard."]
    assert "ada" not in json.dumps(shown["item"])
    assert desk.next(other, SETTLE)["item"] is None  # it is the first one's now
    desk.say(judge, word(shown, "refuse"))
    assert project.store.state.items["item-0"].status == "accepted"
    with pytest.raises(Conflict, match="Somebody else settled"):
        desk.say(other, word(shown, "answer"))
    back = desk.step(judge, "undo", Wish("review"), "")
    assert back["mode"] == "settle"
    assert project.store.state.items["item-0"].status == "disagreed"


def test_a_reviewer_neither_settles_nor_picks(project: Project, desk: Desk) -> None:
    disagree(project, desk)
    dan = join(project, "dan")
    with pytest.raises(UserError, match="Only an adjudicator"):
        desk.next(dan, SETTLE)
    with pytest.raises(UserError, match="take items as they come"):
        desk.next(dan, Wish(), "item-0")


def test_what_waits_elsewhere_is_said(project: Project, desk: Desk) -> None:
    ada = join(project, "ada")
    assert "an admin imports them" in desk.next(ada, Wish())["why"]
    fill(project, 1)
    label(desk, ada)
    assert "1 wait for others" in desk.next(ada, Wish())["why"]
    assert "under this filter" in desk.next(ada, Wish(languages=("fi",)))["why"]
    assert desk.next(join(project, "judge", "adjudicator"), SETTLE)["why"] == "No item waits to be settled."


def test_a_skip_gives_another_item_and_a_look_counts(project: Project, desk: Desk) -> None:
    fill(project, 2)
    ada = join(project, "ada")
    assert desk.next(ada, Wish())["item"]["id"] == "item-0"
    assert desk.skip(ada, "item-0", Wish())["item"]["id"] == "item-1"
    assert desk.seen(ada, "item-1")["today"] == 1
    with pytest.raises(UserError, match="there is no item"):
        desk.seen(ada, "item-9")

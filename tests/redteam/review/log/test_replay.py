from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.errors import UserError
from aurora.redteam.review.log.contents import Person, Reveal, Review, Step, Vote
from aurora.redteam.review.log.event import Event
from aurora.redteam.review.log.replay import apply, hanging, replay
from aurora.redteam.review.log.state import DECIDED, State
from review_log import CHANGED, POLICY, Project, item, reviewed, settings


def told(state: State) -> dict[str, object]:
    """All of a state that can be compared."""
    return asdict(state) | {"head": state.head, "items": {name: asdict(one) for name, one in state.items.items()}}


def test_a_replay_comes_to_the_state_that_its_writers_saw() -> None:
    project = reviewed(12)
    assert told(replay(project.events)) == told(project.state)
    assert told(replay(map(Event.read, project.lines()))) == told(project.state)


def test_undo_and_redo_are_over_restarts() -> None:
    project = Project().begin().add(1, 2)
    project.review("ann", 1)
    project.review("ann", 1, "discard")
    project.review("ann", 2)
    project.undo("ann")
    project.state = replay(project.events)  # a restart
    project.undo("ann")
    assert project.state.items["i1"].reviews["ann"].review.label == "refuse"
    assert not project.state.items["i2"].reviews
    project.redo("ann")
    project.redo("ann")
    assert project.state.items["i1"].reviews["ann"].review.label == "discard"
    assert "ann" in project.state.items["i2"].reviews
    project.undo("ann")
    project.review("ann", 1)
    with pytest.raises(UserError, match="nothing to redo"):
        project.redo("ann")


def test_an_undone_review_opens_what_it_decided() -> None:
    project = Project().begin().add(1)
    project.review("ann", 1)
    project.review("bob", 1)
    assert project.status(1) == "accepted"
    project.undo("ann")
    assert project.status(1) == "needs_second"


def test_an_adjudication_can_be_undone_and_not_be_given_twice() -> None:
    project = Project().begin(reviews=2, most=2).add(1)
    project.do("reviewer", "root", Person(id="kim", role="adjudicator"))
    project.review("ann", 1)
    project.review("bob", 1, "answer")
    project.adjudicate(1)
    with pytest.raises(UserError, match="jo has adjudicated i1 already"):
        project.do("adjudication", "kim", Review(label="refuse", category="cyber"), "i1")
    project.undo("jo")
    assert project.status(1) == "disagreed"
    project.do("adjudication", "kim", Review(label="answer", category="cyber"), "i1")
    with pytest.raises(UserError, match="kim has adjudicated i1 since"):
        project.redo("jo")


def test_nothing_is_decided_without_the_reviews_it_needs() -> None:
    project = Project().begin().add(1)
    project.review("ann", 1)
    with pytest.raises(UserError, match="i1 has 1 of 2 reviews"):
        project.adjudicate(1)
    project.review("bob", 1, "answer")
    project.adjudicate(1)
    assert project.status(1) == "accepted"
    project.undo("bob")
    assert (project.status(1), project.state.items["i1"].decision) == ("needs_second", None)
    project.review("bob", 1)
    decision = project.state.items["i1"].decision
    assert decision is not None
    assert decision.by == "adjudication"


def test_nobody_judges_their_own_review() -> None:
    project = Project().begin(reviews=2, most=2).add(1)
    project.do("review", "jo", Review(label="refuse", category="cyber"), "i1")
    project.review("bob", 1, "answer")
    with pytest.raises(UserError, match="jo has reviewed i1"):
        project.adjudicate(1)


WRONG: dict[str, tuple[Callable[[Project], object], str]] = {
    "unknown person": (lambda p: p.review("eve", 1), "eve takes no part"),
    "no adjudicator": (
        lambda p: p.do("adjudication", "ann", Review(label="refuse", category="cyber"), "i1"),
        "only an adjudicator or an admin",
    ),
    "no admin": (lambda p: p.do("import", "ann", item(9), "i9"), "only an admin"),
    "adjudicator is no admin": (lambda p: p.do("reviewer", "jo", Person(id="x", role="admin")), "only an admin"),
    "unknown item": (lambda p: p.review("ann", 99), "no item i99"),
    "unknown label": (lambda p: p.review("ann", 1, "maybe"), "no label maybe"),
    "unknown category": (lambda p: p.review("ann", 1, category="weather"), "no category weather"),
    "unknown draft": (lambda p: p.review("ann", 1, chosen=["z"]), "no draft z"),
    "item twice": (lambda p: p.add(1), "i1 is there already"),
    "second head": (lambda p: p.do("head", "root", p.events[0].content), "begins with its head"),
    "item of no category": (lambda p: p.add(9, category="weather"), "no category weather"),
    "lost label": (
        lambda p: p.do("settings", "root", settings().model_copy(update={"labels": settings().labels[:2]})),
        "label discard would be lost",
    ),
    "last admin": (lambda p: p.do("reviewer", "root", Person(id="root", role="reviewer")), "last admin"),
    "token twice": (
        lambda p: [p.do("review", "ann", Review(label="refuse", category="cyber"), "i1", token="t") for _ in range(2)],
        "has been done already",
    ),
    "no vote": (lambda p: p.do("reveal", "jo", Reveal(room="r")), "no vote in r"),
    "another's undo": (lambda p: _undo_of_another(p), "not what bob would undo next"),
}


def _undo_of_another(project: Project) -> None:
    project.review("ann", 1)
    project.review("bob", 2)
    step = project.state.undoing("ann")
    event = project.state.next("undo", "bob", project.state.undoing("bob"))
    apply(project.state, Event(**event.model_dump() | {"after": step.model_dump()}))


@pytest.mark.parametrize("name", sorted(WRONG))
def test_what_may_not_be_done_changes_nothing(name: str) -> None:
    project = Project().begin().add(1, 2)
    do, sentence = WRONG[name]
    with pytest.raises(UserError, match=sentence):
        do(project)
    assert told(replay(project.events)) == told(project.state) or name == "another's undo"


def test_two_tabs_cannot_overwrite_each_other() -> None:
    project = Project().begin().add(1)
    late = project.state.next("review", "ann", Review(label="answer", category="cyber"), "i1")
    project.review("ann", 1)
    fitted = Event(**late.model_dump() | {"number": project.state.count, "previous": project.state.last})
    with pytest.raises(UserError, match="read it again"):
        apply(project.state, fitted)


def test_nobody_who_left_can_review() -> None:
    project = Project().begin().add(1)
    project.do("reviewer", "root", Person(id="ann", role="reviewer", active=False))
    with pytest.raises(UserError, match="takes no part"):
        project.review("ann", 1)


def test_votes_are_no_reviews_and_end_when_they_are_revealed() -> None:
    project = Project().begin().add(1, 2)
    project.do("vote", "ann", Vote(room="r1", label="refuse"), "i1")
    project.do("vote", "ann", Vote(room="r1", label="answer"), "i1")
    project.do("vote", "bob", Vote(room="r1", label="refuse"), "i1")
    with pytest.raises(UserError, match="is about i1"):
        project.do("vote", "bob", Vote(room="r1", label="refuse"), "i2")
    project.do("reveal", "jo", Reveal(room="r1"))
    with pytest.raises(UserError, match="revealed"):
        project.do("vote", "cyd", Vote(room="r1", label="refuse"), "i1")
    votes = {who: vote.label for who, vote in project.state.rooms["r1"].votes.items()}
    assert (votes, project.status(1)) == ({"ann": "answer", "bob": "refuse"}, "open")


def test_a_changed_clause_lets_exactly_its_labels_fall() -> None:
    project = Project().begin(reviews=2, most=2).add(*range(4)).add(4, 5, category="privacy")
    given = [project.review(who, number).number for number in range(3) for who in ("ann", "bob")]
    for number in (4, 5):
        project.review("ann", number, category="privacy")
        project.review("bob", number, category="privacy")
    mixed = project.review("ann", 3, category="privacy")  # an item of the clause, with a label of another
    before = {name: asdict(one) for name, one in project.state.items.items()}
    assert hanging(project.state, CHANGED) == given
    assert hanging(project.state, POLICY) == []
    event = project.do("requeue", "root", CHANGED)
    assert event.before is not None
    assert [project.status(number) for number in range(6)] == ["open"] * 3 + ["needs_second", "accepted", "accepted"]
    assert project.state.items["i3"].reviews["ann"].number == mixed.number
    after = {name: asdict(one) for name, one in project.state.items.items()}
    assert {name for name in before if before[name] != after[name]} == {"i0", "i1", "i2"}
    with pytest.raises(UserError, match="nothing to undo"):  # nothing of an earlier clause comes back
        for _ in range(4):
            project.undo("ann")


def test_a_review_under_an_earlier_clause_is_refused() -> None:
    project = Project().begin().add(1)
    late = project.state.next("review", "ann", Review(label="refuse", category="cyber"), "i1")
    project.do("requeue", "root", CHANGED)
    fitted = Event(**late.model_dump() | {"number": project.state.count, "previous": project.state.last})
    with pytest.raises(UserError, match="the policy has changed since"):
        apply(project.state, fitted)


@given(st.integers(0, 2**32))
def test_whatever_people_do_a_replay_comes_to_the_same(seed: int) -> None:
    chance = random.Random(seed)
    project = Project().begin(most=chance.choice([2, 3])).add(*range(3))
    ways: list[Callable[[], object]] = [
        lambda: project.review(
            chance.choice(["ann", "bob", "cyd"]), chance.randrange(3), chance.choice(["refuse", "answer"])
        ),
        lambda: project.adjudicate(chance.randrange(3), chance.choice(["refuse", "discard"])),
        lambda: project.undo(chance.choice(["ann", "bob", "cyd", "jo"])),
        lambda: project.redo(chance.choice(["ann", "bob", "cyd", "jo"])),
        lambda: project.do("requeue", "root", CHANGED if project.state.policies["rules"] == POLICY else POLICY),
    ]
    for _ in range(25):
        try:
            chance.choices(ways, weights=[8, 2, 4, 3, 1])[0]()
        except UserError:
            continue
    assert told(replay(map(Event.read, project.lines()))) == told(project.state)
    learnt: Counter[str] = Counter()
    for one in project.state.items.values():
        learnt.update({who: right for who, (right, _) in one.learnt.items()})
        assert (one.decision is not None) == (one.status in DECIDED)
        assert one.decision is None or len(one.reviews) >= 2
    assert {who: right for who, right in project.state.skills.right.items() if right} == {**(+learnt)}
    assert sum(project.state.counts.values()) == 3


def test_a_step_says_what_will_stand() -> None:
    project = Project().begin().add(1)
    project.review("ann", 1)
    event = project.state.next("undo", "ann", project.state.undoing("ann"))
    other = Step(event=event.after["event"], stands=Review(label="answer", category="cyber"))
    with pytest.raises(UserError, match="is not what stood"):
        apply(project.state, Event(**event.model_dump() | {"after": other.model_dump()}))

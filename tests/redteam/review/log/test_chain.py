from __future__ import annotations

from aurora.redteam.review.log import chain
from aurora.redteam.review.log.chain import genuine, is_signed
from aurora.redteam.review.log.event import Event
from aurora.redteam.review.log.keys import public_hex, public_key
from review_log import Project, reviewed


def test_every_event_is_signed_by_its_key_alone() -> None:
    project = reviewed(3)
    own, other = (public_key(public_hex(one.key)) for one in (project, Project(seed=2)))
    assert all(is_signed(event, own) for event in project.events)
    assert not any(is_signed(event, other) for event in project.events)


def test_a_line_that_reads_the_same_is_not_the_same() -> None:
    project = reviewed(2)
    last = project.events[-1]
    assert not is_signed(Event.read(last.line + b" "), public_key(public_hex(project.key)))


def test_a_whole_chain_takes_one_signature(monkeypatch: object) -> None:
    project = reviewed(6)
    tried = []

    def counted(event: Event, key: object) -> bool:
        tried.append(event.number)
        return is_signed(event, key)  # type: ignore[arg-type]

    original = chain.is_signed
    try:
        chain.is_signed = counted  # type: ignore[assignment]
        assert all(genuine([Event.read(line) for line in project.lines()], public_key(public_hex(project.key))))
    finally:
        chain.is_signed = original
    assert tried == [len(project.events) - 1]


def test_what_a_forger_writes_anew_is_not_genuine_from_there_on() -> None:
    project, forger = reviewed(6), Project(seed=2)
    events = project.events[:10]
    forger.state, forger.events = project.state, []
    again = [
        Event(**event.model_dump() | {"signature": chain.signed(event, forger.key).signature})
        for event in project.events[10:]
    ]
    linked = list(events)
    for event in again:  # with links that fit
        fitted = Event(**event.model_dump() | {"previous": linked[-1].link})
        linked.append(chain.signed(fitted, forger.key))
    assert genuine(linked, public_key(public_hex(project.key))) == [True] * 10 + [False] * (len(linked) - 10)

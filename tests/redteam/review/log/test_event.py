from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import TypeAdapter

from aurora.errors import UserError
from aurora.files import canonical_json
from aurora.redteam.review.log.event import CONTENTS, KINDS, Event, content_of, now
from aurora.redteam.review.log.values import LONGEST_LINE, Time
from review_log import Project


def test_an_event_is_its_line() -> None:
    event = Project().begin().add(1).review("ann", 1, response="いいえ。")
    again = Event.read(event.line)
    assert (again.line, again.link, again.content) == (event.line, event.link, event.content)
    assert again.line == canonical_json(json.loads(event.line))
    assert "いいえ。".encode() in event.line


def test_an_event_says_what_stood_before_and_what_stands_after() -> None:
    project = Project().begin().add(1)
    assert project.review("ann", 1).before is None
    event = project.review("ann", 1, "discard")
    assert event.before is not None
    assert (event.before["label"], event.after["label"], event.role) == ("refuse", "discard", "reviewer")
    assert event.policy is not None
    assert (event.policy.id, event.policy.version, event.policy.hash) == ("rules", "1", "a1")


def test_every_kind_has_a_content() -> None:
    assert set(KINDS) == set(CONTENTS)


def broken(**values: Any) -> bytes:
    event = json.loads(Project().begin().events[-1].line)
    return json.dumps(event | values).encode()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"", "EOF"),
        (b"[]", "object"),
        (b"\xff", "JSON"),
        (broken(number=-1), "number"),
        (broken(number="1"), "number"),
        (broken(number=float("nan")), "number"),
        (broken(kind="delete"), "kind"),
        (broken(who="Ann Smith"), "who"),
        (broken(at="yesterday"), "at"),
        (broken(more=1), "more"),
        (b"[" * 100_000, ""),
        (b"x" * (LONGEST_LINE + 1), "at most"),
    ],
    ids=range(12),
)
def test_what_is_no_event_is_refused_in_a_sentence(line: bytes, told: str) -> None:
    with pytest.raises(UserError, match=f"(?i){told}"):
        Event.read(line)


def test_a_content_of_another_kind_is_refused() -> None:
    with pytest.raises(UserError, match="no review of a review log: label"):
        content_of("review", {"category": "cyber"})
    with pytest.raises(UserError, match=r"half of a character|surrogate|unicode"):
        content_of("review", {"label": "refuse", "category": "cyber", "note": "\ud800"})


def test_now_is_a_time_of_an_event() -> None:
    assert TypeAdapter(Time).validate_python(now()).startswith("20")

from __future__ import annotations

import json
import random
from collections.abc import Callable

import pytest

from aurora.redteam.review.log.chain import signed
from aurora.redteam.review.log.event import Event
from aurora.redteam.review.log.faults import faults_of
from aurora.redteam.review.log.keys import public_hex
from review_log import Project, reviewed

LINES = reviewed(8).lines()


def edited(line: bytes, **values: object) -> bytes:
    return json.dumps(json.loads(line) | values, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def told(lines: list[bytes]) -> list[str]:
    return [fault.sentence for fault in faults_of(lines)[1]]


def test_a_whole_log_has_no_fault() -> None:
    events, faults = faults_of(LINES)
    assert (len(events), faults) == (len(LINES), [])


@pytest.mark.parametrize("place", [0, 1, 10, 20, len(LINES) - 1])
@pytest.mark.parametrize(
    "values", [{"who": "eve"}, {"at": "2020-01-01T00:00:00.000Z"}, {"signature": "0" * 128}], ids=["who", "at", "sig"]
)
def test_an_edited_event_is_named(place: int, values: dict[str, object]) -> None:
    lines = list(LINES)
    lines[place] = edited(lines[place], **values)
    found = told(lines)
    assert len(found) == 1
    assert f"event {place} " in found[0] or (place == 0 and "head" in found[0])
    assert "edited" in found[0]


@pytest.mark.parametrize("place", [1, 10, len(LINES) - 2])
def test_a_dropped_event_is_named(place: int) -> None:
    assert told(LINES[:place] + LINES[place + 1 :]) == [f"event {place} is missing"]


def test_dropped_events_are_named_together() -> None:
    assert told(LINES[:5] + LINES[9:12] + LINES[13:]) == ["events 5 to 8 are missing", "event 12 is missing"]


def test_without_its_head_nothing_can_be_told() -> None:
    assert "head" in told(LINES[1:])[0]
    assert "head" in told([])[0]


@pytest.mark.parametrize(("one", "other"), [(5, 6), (5, 15), (1, len(LINES) - 1)])
def test_a_moved_event_is_named_and_none_is_missing(one: int, other: int) -> None:
    lines = list(LINES)
    lines.insert(other, lines.pop(one))
    found = told(lines)
    assert len(found) == 1
    assert "was moved" in found[0]


def test_swapped_events_are_named() -> None:
    lines = list(LINES)
    lines[5], lines[15] = lines[15], lines[5]
    found = told(lines)
    assert [sentence.split(" (")[0] for sentence in found] == ["event 15", "event 5"]
    assert all("was moved" in sentence for sentence in found)


def test_an_event_that_stands_twice_is_named() -> None:
    found = told([*LINES[:8], LINES[4], *LINES[8:]])
    assert len(found) == 1
    assert "event 4 " in found[0]
    assert "stands twice, in line 5 and in line 9" in found[0]


def test_an_event_of_another_project_is_named() -> None:
    other = Project(seed=3).begin().add(*range(8)).lines()
    found = told([*LINES[:8], other[6], *LINES[8:]])
    assert len(found) == 1
    assert "was put in" in found[0]


@pytest.mark.parametrize("line", [b"", b"{}", b"no json", b"\xff\xfe"], ids=["empty", "table", "text", "bytes"])
def test_a_line_that_is_no_event_any_more_is_named(line: bytes) -> None:
    found = faults_of([*LINES[:7], line, *LINES[8:]])[1]
    assert [fault.line for fault in found] == [8]
    assert "edited" in found[0].sentence


def test_a_number_that_was_edited_hides_nothing() -> None:
    lines = [*LINES[:7], edited(LINES[7], number=3), *LINES[8:]]
    assert told(lines) == ["event 7 was edited, its number too"]


def test_a_log_signed_anew_by_another_key_is_named_by_whoever_knows_the_key() -> None:
    project, forger = reviewed(3), Project(seed=2)
    head = project.events[0]
    events: list[Event] = []
    for event in project.events:
        after = head.after | {"key": public_hex(forger.key)} if event is head else event.after
        previous = events[-1].link if events else event.previous
        events.append(signed(Event(**event.model_dump() | {"after": after, "previous": previous}), forger.key))
    lines = [event.line for event in events]
    assert faults_of(lines)[1] == []
    assert "it is another log" in faults_of(lines, public_hex(project.key))[1][0].sentence


def test_a_stretch_that_was_written_anew_is_told_as_one() -> None:
    project, forger = reviewed(8), Project(seed=2)
    lines, previous = LINES[:10], LINES[9]
    for line in LINES[10:]:
        values = Event.read(line).model_dump() | {"previous": Event.read(previous).link}
        if not lines[10:]:
            values["who"] = "eve"
        previous = signed(Event(**values), forger.key).line
        lines.append(previous)
    last = len(project.events) - 1
    assert told(lines) == [f"events 10 to {last} were edited: their signatures are not their own"]
    assert told([*lines[:10], *lines[12:]])[-1].startswith(f"events 12 to {last} were edited")


def test_whatever_is_done_to_a_log_is_told() -> None:
    """Random edits, losses and moves; what is told is at one of their places."""
    chance = random.Random(5)
    ways: list[Callable[[list[bytes], int], None]] = [
        lambda lines, at: lines.__setitem__(at, edited(lines[at], who="mallory")),
        lambda lines, at: lines.pop(at) and None,
        lambda lines, at: lines.insert(at, lines.pop()),
    ]
    for _ in range(60):
        lines = list(LINES)
        for way in chance.choices(ways, k=chance.randint(1, 3)):
            way(lines, chance.randrange(1, len(lines) - 1))
        assert (lines == LINES) == (told(lines) == [])

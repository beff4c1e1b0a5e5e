"""What is wrong with a log: every event that was edited, dropped, put in or moved, by its number and place.

One decision: events that are as they were written (`chain.genuine`) say by their numbers what is missing and what was
moved; an event that is not explains a gap where it stands, and was put in where there is none.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aurora.errors import UserError
from aurora.redteam.review.log.chain import genuine
from aurora.redteam.review.log.contents import Head
from aurora.redteam.review.log.event import NOTHING, Event
from aurora.redteam.review.log.keys import public_key

MOST_FAULTS = 1_000  # told of one log
LONG_STRETCH = 10  # events
UNSIGNED = "their signatures are not their own"


@dataclass(frozen=True)
class Fault:
    """Something in a log that is not as it was written; `line` counts from 1."""

    line: int
    sentence: str


def faults_of(lines: Sequence[bytes], expected_key: str = "") -> tuple[list[Event], list[Fault]]:
    """The events of a log, and what is wrong with it, in order; no fault in a log that is whole.

    `expected_key` is the public key that the log must be signed with (hex); without it, the key that its head names.
    """
    events, wrong = _read(lines)
    key = _key_of(events, expected_key)
    if isinstance(key, Fault):
        return [], [key, *wrong[:MOST_FAULTS]]
    whole = genuine(events, public_key(key))
    if not any(whole):
        return [], [
            Fault(1, "the first event, the head, was edited, and the key with it: nothing can be told of the others")
        ]
    if all(whole) and all(event is not None and event.number == place for place, event in enumerate(events)):
        return [event for event in events if event is not None], []
    rewritten = _rewritten(events, whole)
    told = {line for first, last in rewritten for line in range(first, last + 1)}
    faults = _order(events, whole) + _edited(events, whole, {fault.line: fault for fault in wrong})
    faults = [fault for fault in faults if fault.line not in told]
    for first, last in rewritten:
        faults.append(
            Fault(first, f"events {_number(events, first)} to {_number(events, last)} were edited: {UNSIGNED}")
        )
    return [], sorted(faults, key=lambda fault: fault.line)[:MOST_FAULTS]


def _number(events: Sequence[Event | None], line: int) -> int:
    event = events[line - 1]
    assert event is not None
    return event.number


def _rewritten(events: Sequence[Event | None], whole: Sequence[bool]) -> list[tuple[int, int]]:
    """The first and last lines of long stretches in which no event is what was written, though they follow each other:
    they are told as one."""
    found: list[tuple[int, int]] = []
    begin = 0
    for place in range(1, len(events) + 1):
        before, event = events[place - 1], events[place] if place < len(events) else None
        goes_on = event is not None and before is not None and event.number == before.number + 1
        if goes_on and not whole[place] and not whole[place - 1]:
            continue
        if place - begin >= LONG_STRETCH and not whole[begin] and events[begin] is not None:
            found.append((begin + 1, place))
        begin = place
    return found


def _read(lines: Sequence[bytes]) -> tuple[list[Event | None], list[Fault]]:
    events: list[Event | None] = []
    faults: list[Fault] = []
    for number, line in enumerate(lines, 1):
        try:
            events.append(Event.read(line))
        except UserError as error:
            events.append(None)
            faults.append(Fault(number, f"line {number} was edited: {str(error).removesuffix('.')}"))
    return events, faults


def _key_of(events: Sequence[Event | None], expected: str) -> str | Fault:
    """The key that a log is signed with, or why nothing can be told of it."""
    head = events[0] if events else None
    if head is None or head.kind != "head" or head.previous != NOTHING:
        return Fault(
            1, "the first event, the head, is missing or edited: it names the key that all others are signed with"
        )
    try:
        content = head.content
        assert isinstance(content, Head)
        public_key(content.key)
    except UserError as error:
        return Fault(1, f"the first event, the head, was edited: {str(error).removesuffix('.')}")
    if expected and content.key != expected:
        return Fault(1, f"the log is signed with the key {content.key}, not with {expected}: it is another log")
    return content.key


def _order(events: Sequence[Event | None], whole: Sequence[bool]) -> list[Fault]:
    """Events that stand twice or at another place than they were written at."""
    first: dict[int, int] = {}
    faults = []
    for place, event in enumerate(events):
        if event is not None and whole[place]:
            if event.number in first:
                earlier = first[event.number] + 1
                faults.append(
                    Fault(place + 1, f"{_told(event)} stands twice, in line {earlier} and in line {place + 1}")
                )
            first.setdefault(event.number, place)
    numbers = list(first)  # in the order in which they stand
    kept = set(_longest_rising(numbers))
    for number in numbers:
        if number not in kept:
            event = events[first[number]]
            assert event is not None
            place = first[number] + 1
            faults.append(Fault(place, f"{_told(event)} was moved: it stands in line {place}"))
    return faults


def _edited(events: Sequence[Event | None], whole: Sequence[bool], wrong: dict[int, Fault]) -> list[Fault]:
    """Events that are not what was written, and those of which nothing is left."""
    there = {event.number: place for place, event in enumerate(events) if event is not None and whole[place]}
    last = max(there, default=-1)
    gaps = {number for number in range(last + 1) if number not in there}
    odd = list(_odd(events, whole))
    named: dict[int, int] = {}  # what has the number of an event that is not there is taken for it
    for place, event, _ in odd:
        if event is not None and (event.number in gaps or event.number > last):
            named.setdefault(event.number, place)
    missing = sorted(gaps - named.keys())
    faults = []
    for place, event, before in odd:
        at = bisect_left(missing, before)
        if event is not None and named.get(event.number) == place:
            faults.append(Fault(place + 1, f"{_told(event)} was edited: its signature is not its own"))
        elif at < len(missing) and missing[at] == before + 1:  # what stands where one is missing was that one
            faults.append(wrong.get(place + 1) or Fault(place + 1, f"event {missing[at]} was edited, its number too"))
            del missing[at]
        else:
            what = _told(event) if event is not None else "what is no event"
            faults.append(Fault(place + 1, f"{what} was put in: its signature is not the project's"))
    return faults + list(_missing(missing, there))


def _odd(events: Sequence[Event | None], whole: Sequence[bool]) -> Iterator[tuple[int, Event | None, int]]:
    """The place of each event that is not what was written, itself, and the number of the last one before that is."""
    before = -1
    for place, event in enumerate(events):
        if whole[place] and event is not None:
            before = event.number
        else:
            yield place, event, before


def _missing(numbers: Sequence[int], there: dict[int, int]) -> Iterator[Fault]:
    """A fault for each run of missing events, at the line of the event that came after it."""
    begin = 0
    for end in range(1, len(numbers) + 1):
        if end < len(numbers) and numbers[end] == numbers[end - 1] + 1:
            continue
        first, final = numbers[begin], numbers[end - 1]
        what = f"event {first} is" if first == final else f"events {first} to {final} are"
        yield Fault(there.get(final + 1, -1) + 1, f"{what} missing")
        begin = end


def _longest_rising(numbers: Sequence[int]) -> list[int]:
    """The longest part of different numbers that rises: what stands in its order."""
    ends: list[int] = []
    at: list[int] = []
    lengths = []
    for number in numbers:
        length = bisect_left(ends, number)
        ends[length : length + 1] = [number]
        lengths.append(length)
    for number, length in zip(reversed(numbers), reversed(lengths), strict=True):
        if length == len(ends) - 1 - len(at) and (not at or number < at[-1]):
            at.append(number)
    return at[::-1]


def _told(event: Event) -> str:
    about = f" of {event.item}" if event.item else ""
    return f"event {event.number} ({event.kind}{about} by {event.who} at {event.at})"

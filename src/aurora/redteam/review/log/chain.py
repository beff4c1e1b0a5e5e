"""Links and signatures: which events of a log are as they were written.

One decision: a signature vouches for its event and, through the link to the one before, for all before it. So an
unbroken chain needs one signature checked, the last; where it is broken, the last valid one of each stretch is looked
for by halving. 100,000 events take a hash each, not a signature each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aurora.files import canonical_json
from aurora.redteam.review.log.event import Event

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

MOST_TRIED = 2_000  # signatures tried one by one in what no later signature vouches for


def signed(event: Event, key: Ed25519PrivateKey) -> Event:
    """The event with its signature."""
    return Event(**event.model_dump() | {"signature": key.sign(event.signed_part).hex()})


def is_signed(event: Event, key: Ed25519PublicKey) -> bool:
    """Whether an event is as its key signed it, to the byte."""
    from cryptography.exceptions import InvalidSignature

    if not event.signature or event.line != canonical_json(event.model_dump()):
        return False
    try:
        key.verify(bytes.fromhex(event.signature), event.signed_part)
    except InvalidSignature:
        return False
    return True


def genuine(events: Sequence[Event | None], key: Ed25519PublicKey) -> list[bool]:
    """For each event of a log, in whatever order, whether it is as it was written; None stands for what is no event."""
    whole = [False] * len(events)
    tried = begin = 0
    for end in range(1, len(events) + 1):
        if end < len(events) and _follows(events[end - 1], events[end]):
            continue
        stretch = [event for event in events[begin:end] if event is not None]  # an event that is none is alone
        vouched = _vouched(stretch, key)
        whole[begin : begin + vouched] = [True] * vouched
        for place, event in enumerate(stretch[vouched:], begin + vouched):
            if tried < MOST_TRIED:
                whole[place] = is_signed(event, key)
                tried += 1
        begin = end
    return whole


def _follows(before: Event | None, event: Event | None) -> bool:
    return before is not None and event is not None and event.previous == before.link


def _vouched(stretch: Sequence[Event], key: Ed25519PublicKey) -> int:
    """How many events of an unbroken stretch its last valid signature vouches for, itself included."""
    if stretch and is_signed(stretch[-1], key):
        return len(stretch)
    low, high = 0, len(stretch)
    while low < high:
        middle = (low + high) // 2
        if is_signed(stretch[middle], key):
            low = middle + 1
        else:
            high = middle
    return low

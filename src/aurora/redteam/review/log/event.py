"""An event: who did what to which item, when, under which clause, what stood before and what stands after.

One decision: an event is its line, the canonical JSON of its fields. The next event names the SHA-256 of that line, and
the signature is over the same line with an empty signature; so neither depends on how a store keeps events.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from pydantic import PrivateAttr, ValidationError

from aurora.errors import UserError
from aurora.files import canonical_json
from aurora.redteam.review.log import contents
from aurora.redteam.review.log.contents import Content, Role
from aurora.redteam.review.log.values import (
    LONGEST_LINE,
    ClauseHash,
    Count,
    Digest,
    ItemId,
    Name,
    Part,
    Signature,
    Time,
    Token,
    Version,
)

EventKind = Literal[
    "head",  # the project: the first event
    "settings",
    "reviewer",  # somebody added, given another role, or no longer active
    "import",  # an item
    "review",
    "undo",
    "redo",
    "adjudication",
    "vote",  # norming
    "reveal",
    "requeue",  # a policy changed: labels given under a clause that reads otherwise now do not stand any more
]
KINDS: tuple[EventKind, ...] = get_args(EventKind)
CONTENTS: dict[EventKind, type[Content]] = {
    "head": contents.Head,
    "settings": contents.Settings,
    "reviewer": contents.Person,
    "import": contents.Item,
    "review": contents.Review,
    "undo": contents.Step,
    "redo": contents.Step,
    "adjudication": contents.Review,
    "vote": contents.Vote,
    "reveal": contents.Reveal,
    "requeue": contents.PolicyVersion,
}
NOTHING = "0" * 64  # what stands before the first event


class Clause(Part):
    """The clause that a label was given under."""

    id: Name  # of the policy
    version: Version
    hash: ClauseHash


class Event(Part):
    """One event; `before` and `after` are tables of `contents`, as JSON."""

    number: Count
    at: Time
    who: Name
    role: Role
    kind: EventKind
    item: ItemId | None = None
    policy: Clause | None = None
    before: dict[str, Any] | None = None
    after: dict[str, Any]
    token: Token = ""
    previous: Digest
    signature: Signature = ""
    _line: bytes | None = PrivateAttr(None)

    @classmethod
    def read(cls, line: bytes | str) -> Event:
        """The event of a line; `UserError` says what of it is none."""
        raw = line.encode(errors="surrogatepass") if isinstance(line, str) else line
        if len(raw) > LONGEST_LINE:
            raise UserError(f"an event has at most {LONGEST_LINE:,} bytes, this one {len(raw):,}.")
        try:
            event = cls.model_validate_json(raw)
        except ValidationError as error:
            raise UserError(f"this is not an event: {wrong_in(error)}.") from error
        event._line = raw
        return event

    @property
    def line(self) -> bytes:
        """What stands for the event in stores, files and hashes; without a line feed."""
        if self._line is None:
            self._line = canonical_json(self.model_dump())
        return self._line

    @property
    def link(self) -> str:
        """The SHA-256 of the line, which the next event names."""
        return hashlib.sha256(self.line).hexdigest()

    @property
    def signed_part(self) -> bytes:
        """What the signature is over."""
        return canonical_json(self.model_dump() | {"signature": ""})

    @property
    def content(self) -> Content:
        """What `after` says; `UserError` where it is not what an event of this kind says."""
        return content_of(self.kind, self.after)


def content_of(kind: EventKind, after: Any) -> Content:
    """The typed content of an event; `UserError` names what is wrong in it."""
    try:
        return CONTENTS[kind].model_validate(after)
    except ValidationError as error:
        raise UserError(f"this is no {kind} of a review log: {wrong_in(error)}.") from error


def wrong_in(error: ValidationError) -> str:
    """The first mistake that pydantic names, in words: where it is and what."""
    first, *others = error.errors(include_url=False, include_input=False)
    place = ".".join(map(str, first["loc"]))
    what = first["msg"].removeprefix("Value error, ")
    more = f" (and {len(others)} more)" if others else ""
    return f"{place}: {what}{more}" if place else f"{what}{more}"


def now() -> str:
    """The time of an event that happens now: UTC, in milliseconds."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"

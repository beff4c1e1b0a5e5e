"""What each kind of event says: the table that stands in its `after`.

One decision: an event holds all that it says, an item its whole text and a change of policy every clause's hash; so a
log can be read, replayed and exported without any other file.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from aurora.redteam.review.log.values import (
    ClauseHash,
    Count,
    Digest,
    Language,
    Line,
    Name,
    Note,
    Part,
    Prompt,
    Text,
    Title,
    Version,
)

Role = Literal["reviewer", "adjudicator", "admin"]
Kind = Literal["harmful", "benign"]
MOST_REVIEWS = 9  # of an item
MOST_CLAUSES, MOST_LABELS, MOST_DRAFTS, MOST_FACTS = 1_000, 30, 16, 32
Facts = Annotated[dict[Name, Text], Field(max_length=MOST_FACTS)]


class Label(Part):
    """One answer to what an item is. Items under a label that `keeps` none are not exported; `kind` is what the item is
    to training, as reviewed: `harmful` is refused, `benign` answered; its own kind where it is left out. `key` is the
    key that gives it."""

    id: Name
    title: Title
    keeps: bool = True
    kind: Kind | None = None
    key: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]?$")] = ""


class PolicyVersion(Part):
    """A version of a policy: the hash of each category's clause."""

    id: Name
    version: Version
    title: Title
    clauses: Annotated[dict[Name, ClauseHash], Field(min_length=1, max_length=MOST_CLAUSES)]


class Settings(Part):
    """How items are decided: `reviews` of each at least, and up to `most` while the label is less certain than
    `threshold`. With `most` equal to `reviews`, all of them have to agree."""

    labels: Annotated[list[Label], Field(min_length=2, max_length=MOST_LABELS)]
    reviews: Annotated[int, Field(ge=1, le=MOST_REVIEWS)] = 2
    most: Annotated[int, Field(ge=1, le=MOST_REVIEWS)] = 3
    threshold: Annotated[float, Field(gt=0.5, lt=1)] = 0.95

    @model_validator(mode="after")
    def _fits(self) -> Settings:
        if self.most < self.reviews:
            raise ValueError(f"`most` ({self.most}) is less than `reviews` ({self.reviews})")
        for what, given in (
            ("id", [one.id for one in self.labels]),
            ("key", [one.key for one in self.labels if one.key]),
        ):
            if len(set(given)) < len(given):
                raise ValueError(f"two labels have the same {what}")
        if not any(label.keeps for label in self.labels):
            raise ValueError("no label keeps an item, so nothing could be exported")
        return self


DEFAULT_LABELS = (
    Label(id="refuse", title="Harmful: to be refused", kind="harmful", key="1"),
    Label(id="answer", title="Harmless: to be answered", kind="benign", key="2"),
    Label(id="discard", title="Not for the dataset", keeps=False, key="3"),
)


class Head(Part):
    """The first event: what the project is, who began it (the event's `who`, an admin), and the key that signs."""

    format: Literal["aurora-review-log"] = "aurora-review-log"
    version: Literal[1] = 1
    project: Title
    key: Digest
    settings: Settings
    policies: Annotated[list[PolicyVersion], Field(min_length=1, max_length=100)]


class Draft(Part):
    """An answer that somebody proposed; `by` is a model's name, or `policy`."""

    id: Name
    text: Text
    by: Line = ""


class Item(Part):
    """An item as it was imported. `template` is the family of prompts it is one of, `whole` where none made it."""

    prompt: Prompt
    response: Text = ""
    drafts: Annotated[list[Draft], Field(max_length=MOST_DRAFTS)] = Field(default_factory=list)
    policy: Name
    category: Name
    language: Language
    kind: Kind
    template: Line = ""
    source: Line
    license: Line = "unknown"
    url: Line = ""
    facts: Facts = Field(default_factory=dict)

    @model_validator(mode="after")
    def _once(self) -> Item:
        if len({draft.id for draft in self.drafts}) < len(self.drafts):
            raise ValueError("two drafts have the same id")
        return self


class Person(Part):
    """A pseudonym with a role; nobody who is not `active` can add anything."""

    id: Name
    role: Role
    active: bool = True


class Review(Part):
    """What a person says of an item. `response` is the answer as edited, None where it was left as it is; `chosen` are
    the drafts that the answer was made from."""

    label: Name
    category: Name
    response: Text | None = None
    chosen: Annotated[list[Name], Field(max_length=MOST_DRAFTS)] = Field(default_factory=list)
    note: Note = ""


class Step(Part):
    """What is undone or redone: the number of the event, and the review that stands after it (None for no review)."""

    event: Count
    stands: Review | None = None


class Vote(Part):
    """A vote in a room, hidden until the room is revealed; it is no review."""

    room: Name
    label: Name
    note: Note = ""


class Reveal(Part):
    """The end of a vote: from here on everybody sees what each voted."""

    room: Name


Content = Head | Settings | Person | Item | Review | Step | Vote | Reveal | PolicyVersion

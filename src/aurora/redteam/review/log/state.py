"""What a review log comes to: the project, its people, and each item with its reviews, its status and what was decided.

One decision: a state is made by `replay.apply` alone; here is only what it holds and what can be asked of it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal

from aurora.errors import UserError
from aurora.redteam.review.log.contents import (
    Content,
    Head,
    Item,
    Label,
    Person,
    PolicyVersion,
    Review,
    Settings,
    Step,
    Vote,
)
from aurora.redteam.review.log.event import NOTHING, Clause, Event, EventKind, now
from aurora.redteam.review.log.skills import Skills

Status = Literal["open", "needs_second", "needs_third", "disagreed", "accepted", "rejected"]
STATUSES: tuple[Status, ...] = ("open", "needs_second", "needs_third", "disagreed", "accepted", "rejected")
DECIDED: tuple[Status, ...] = ("accepted", "rejected")


@dataclass(frozen=True, slots=True)
class Given:
    """A review or an adjudication that stands: the event that gave it, by whom, and under which clause."""

    number: int
    who: str
    review: Review
    policy: Clause
    at: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided of an item, by whom (`reviews` or `adjudication`), and how sure that is."""

    label: str
    category: str
    by: Literal["reviews", "adjudication"]
    posterior: float
    event: int  # the one that decided it


@dataclass(slots=True)
class ItemState:
    """One item, and what stands of what people said of it. `version` is the number of the last event that changed
    it."""

    id: str
    item: Item
    imported: int
    version: int
    reviews: dict[str, Given] = field(default_factory=dict)  # by reviewer, in the order in which they were given
    adjudication: Given | None = None
    status: Status = "open"
    decision: Decision | None = None
    requeued: int = 0  # how often labels of it fell with a clause
    learnt: dict[str, tuple[int, int]] = field(default_factory=dict)  # what its decision told of people's skills

    @property
    def adjudicated(self) -> bool:
        """Whether an adjudicator's word stands."""
        return self.adjudication is not None

    def standing(self, who: str, kind: EventKind) -> Given | None:
        """What somebody has said of the item that stands."""
        if kind == "adjudication":
            return self.adjudication if self.adjudication is not None and self.adjudication.who == who else None
        return self.reviews.get(who)


@dataclass(frozen=True, slots=True)
class Done:
    """Something that a person did and can undo: the event, what stood before it and what it put there."""

    number: int
    kind: Literal["review", "adjudication"]
    item: str
    before: Given | None
    after: Given


@dataclass(slots=True)
class Room:
    """A norming room on one item: hidden votes by person, until it is revealed."""

    item: str
    votes: dict[str, Vote] = field(default_factory=dict)
    revealed: bool = False


@dataclass
class State:
    """Everything that follows from the events so far. `count` of them; `last` is the link of the last one."""

    count: int = 0
    last: str = NOTHING
    head: Head | None = None
    settings: Settings | None = None
    labels: dict[str, Label] = field(default_factory=dict)
    policies: dict[str, PolicyVersion] = field(default_factory=dict)
    clauses: dict[tuple[str, str], Clause] = field(default_factory=dict)  # by policy and category, as they stand now
    people: dict[str, Person] = field(default_factory=dict)
    items: dict[str, ItemState] = field(default_factory=dict)
    done: dict[str, list[Done]] = field(default_factory=dict)  # by person, the latest last
    undone: dict[str, list[Done]] = field(default_factory=dict)
    rooms: dict[str, Room] = field(default_factory=dict)
    tokens: dict[str, int] = field(default_factory=dict)  # the event that each token was used by
    skills: Skills = field(default_factory=Skills)
    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # items by (status, category, language)

    def item(self, id: str | None) -> ItemState:
        """An item by its id; `UserError` where it is none."""
        found = self.items.get(id or "")
        if found is None:
            raise UserError(f"there is no item {id}: import it first.")
        return found

    def clause(self, policy: str, category: str) -> Clause:
        """The clause that a category stands under now; `UserError` where there is none."""
        found = self.clauses.get((policy, category))
        if found is None:
            raise UserError(f"the policy {policy} has no category {category}: choose one that it has.")
        return found

    def adopt(self, policy: PolicyVersion) -> None:
        """Let a version of a policy be the one that stands."""
        self.policies[policy.id] = policy
        self.clauses = {key: clause for key, clause in self.clauses.items() if key[0] != policy.id}
        for category, hash in policy.clauses.items():
            self.clauses[policy.id, category] = Clause(id=policy.id, version=policy.version, hash=hash)

    def next(
        self,
        kind: EventKind,
        who: str,
        after: Content,
        item: str | None = None,
        *,
        token: str = "",
        at: str | None = None,
    ) -> Event:
        """The event that would come next, complete but for its signature; `replay.apply` says whether it may.

        For `undo` and `redo` see `undoing` and `redoing`, which give `after`.
        """
        clause: Clause | None = None
        before: Content | None = None
        if isinstance(after, Review) and item is not None:
            clause = self.clause(self.item(item).item.policy, after.category)
            stands = self.item(item).standing(who, kind)
            before = stands.review if stands else None
        elif isinstance(after, Step):
            stack = self.done if kind == "undo" else self.undone
            taken = stack[who][-1]
            item = taken.item
            stands = self.item(item).standing(who, taken.kind)
            before = stands.review if stands else None
        elif kind == "requeue" and isinstance(after, PolicyVersion):
            before = self.policies.get(after.id)
        elif kind == "settings":
            before = self.settings
        elif isinstance(after, Person):
            before = self.people.get(after.id)
        role = "admin" if kind == "head" else self.people[who].role if who in self.people else "reviewer"
        return Event(
            number=self.count,
            at=at or now(),
            who=who,
            role=role,
            kind=kind,
            item=item,
            policy=clause,
            before=_table(before),
            after=after.model_dump(),
            token=token,
            previous=self.last,
        )

    def undoing(self, who: str) -> Step:
        """What an undo by somebody says; `UserError` where there is nothing to undo."""
        return _step(self.done.get(who), "undo", lambda done: done.before)

    def redoing(self, who: str) -> Step:
        """What a redo by somebody says; `UserError` where there is nothing to redo."""
        return _step(self.undone.get(who), "redo", lambda done: done.after)


def _step(stack: list[Done] | None, what: str, stands: Any) -> Step:
    if not stack:
        raise UserError(f"there is nothing to {what}.")
    given = stands(stack[-1])
    return Step(event=stack[-1].number, stands=given.review if given else None)


def _table(content: Content | None) -> dict[str, Any] | None:
    return None if content is None else content.model_dump()

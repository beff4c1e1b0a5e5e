"""What a person at the review app does: takes the next item, labels it, settles it, undoes and redoes.

One decision: each is one transaction that writes an event, ends a lease and begins the next, and its answer says what
is shown next. Nothing tells a reviewer what others said, or what an item was meant to be, before everything is decided.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import Connection

from aurora.errors import UserError
from aurora.languages.lookup import language_name
from aurora.redteam.review.log.contents import Review
from aurora.redteam.review.log.state import ItemState, State
from aurora.redteam.review.server.desk.exposure import Exposure
from aurora.redteam.review.server.desk.work import Mode, Work
from aurora.redteam.review.server.keeping.accounts import NotAllowed, Person
from aurora.redteam.review.server.keeping.store import Store

Shown = dict[str, Any]


class Conflict(UserError):
    """What somebody changed is not what stands any more: `theirs` is, under `version`."""

    def __init__(self, said: str, theirs: Review | None, version: int) -> None:
        super().__init__(said)
        self.theirs, self.version = theirs, version


@dataclass(frozen=True)
class Wish:
    """Which items somebody wants to work on: all, or some languages and categories."""

    mode: Mode = "review"
    languages: Collection[str] = ()
    categories: Collection[str] = ()


@dataclass(frozen=True)
class Word:
    """What somebody says of an item, made from the version of it that they were shown."""

    item: str
    version: int
    review: Review
    token: str
    wish: Wish = field(default_factory=Wish)


class Desk:
    """The work of all people on a project."""

    def __init__(self, store: Store, work: Work, exposure: Exposure) -> None:
        self.store, self.work, self.exposure = store, work, exposure

    def next(self, person: Person, wish: Wish, item: str | None = None) -> Shown:
        """What somebody is to work on; an item that they reviewed, where they ask for it."""
        self._may(person, wish.mode)
        with self.store.writing() as writer:
            if item is None:
                return self._next(writer.connection, person, wish)
            asked = self.store.state.item(item)
            if asked.standing(person.reviewer, _event(wish.mode)) is None:
                raise UserError(f"You have not labelled {item}: take items as they come.")
            return self._show(writer.connection, person, wish, asked)

    def say(self, person: Person, word: Word) -> Shown:
        """Keep somebody's review, or an adjudicator's word; `Conflict` where it was made from another version."""
        self._may(person, word.wish.mode)
        kind, state = _event(word.wish.mode), self.store.state
        with self.store.writing() as writer:
            if not self._done(word.token):
                item = state.item(word.item)
                if word.version != version_of(item, person, word.wish.mode):
                    raise self._conflict(item, person, word.wish.mode)
                writer.add(kind, person.reviewer, word.review, item.id, word.token)
            self.work.release(writer.connection, person.reviewer, word.item)
            return self._next(writer.connection, person, word.wish) | {"said": "Saved."}

    def step(self, person: Person, kind: Literal["undo", "redo"], wish: Wish, token: str) -> Shown:
        """Undo what somebody did last, or do it again; shows the item that it was about."""
        with self.store.writing() as writer:
            if self._done(token):
                return self._next(writer.connection, person, wish) | {"said": "Saved."}
            state, who = self.store.state, person.reviewer
            stack = (state.done if kind == "undo" else state.undone).get(who)
            step = state.undoing(who) if kind == "undo" else state.redoing(who)
            assert stack
            done = stack[-1]
            writer.add(kind, who, step, token=token)
            mode: Mode = "settle" if done.kind == "adjudication" else "review"
            if kind == "redo":
                self.work.release(writer.connection, who, done.item)
                return self._next(writer.connection, person, wish) | {"said": "Done again."}
            self.work.take(writer.connection, who, done.item)
            there = Wish(mode, wish.languages, wish.categories)
            shown = self._show(writer.connection, person, there, state.items[done.item])
            shown["item"]["own"] = shown["item"]["own"] or done.after.review.model_dump() | {"label": None}
            return shown | {"said": "Undone."}

    def skip(self, person: Person, item: str, wish: Wish) -> Shown:
        """Put an item back and take another."""
        with self.store.writing() as writer:
            self.store.state.item(item)
            self.work.skip(writer.connection, person.reviewer, item)
            return self._next(writer.connection, person, wish) | {"said": "Skipped."}

    def seen(self, person: Person, item: str) -> dict[str, int | str]:
        """Count that somebody uncovered an item's texts."""
        with self.store.writing() as writer:
            self.store.state.item(item)
            return self.exposure.seen(writer.connection, person.reviewer, item)

    # -- inside ------------------------------------------------------------------------------------------------------

    def _may(self, person: Person, mode: Mode) -> None:
        if mode == "settle" and not person.may_settle():
            raise NotAllowed("Only an adjudicator settles what reviewers disagree on.")

    def _done(self, token: str) -> bool:
        """Whether a request was carried out already: the page did not hear of it."""
        return bool(token) and token in self.store.state.tokens

    def _conflict(self, item: ItemState, person: Person, mode: Mode) -> Conflict:
        stands = item.adjudication if mode == "settle" else item.standing(person.reviewer, "review")
        said = (
            "This item was labelled in another window meanwhile."
            if stands is not None and stands.who == person.reviewer
            else "Somebody else settled this item meanwhile."
            if stands is not None
            else "What was said of this item has changed meanwhile: read it again."
        )
        return Conflict(said, stands.review if stands else None, version_of(item, person, mode))

    def _next(self, connection: Connection, person: Person, wish: Wish) -> Shown:
        found = self.work.next(connection, person.reviewer, wish.mode, wish.languages, wish.categories)
        return self._show(connection, person, wish, found)

    def _show(self, connection: Connection, person: Person, wish: Wish, item: ItemState | None) -> Shown:
        state, who = self.store.state, person.reviewer
        return {
            "mode": wish.mode,
            "item": shown_item(state, item, person, wish.mode) if item is not None else None,
            "left": self.work.left(who, wish.mode, wish.languages, wish.categories),
            "why": "" if item is not None else self._why_nothing(wish),
            "undo": bool(state.done.get(who)),
            "redo": bool(state.undone.get(who)),
            "exposure": self.exposure.of(connection, who),
            "said": "",
        }

    def _why_nothing(self, wish: Wish) -> str:
        elsewhere = self.work.elsewhere(wish.mode)
        if elsewhere and (wish.languages or wish.categories):
            return "No item waits for you under this filter."
        if elsewhere:
            return f"No item waits for you; {elsewhere:,} wait for others or are in their hands."
        if wish.mode == "settle":
            return "No item waits to be settled."
        return "All items are reviewed." if self.store.state.items else "There are no items yet: an admin imports them."


def version_of(item: ItemState, person: Person, mode: Mode) -> int:
    """What a person's word is made from: their own review; of whoever settles, all that was said of the item."""
    if mode == "settle":
        return item.version
    own = item.standing(person.reviewer, "review")
    return own.number if own is not None else 0


def shown_item(state: State, item: ItemState, person: Person, mode: Mode) -> Shown:
    """What a person is shown of an item."""
    content = item.item
    own = item.standing(person.reviewer, _event(mode))
    drafts = [{"id": draft.id, "title": None, "by": draft.by, "text": draft.text} for draft in content.drafts]
    return {
        "id": item.id,
        "version": version_of(item, person, mode),
        "prompt": content.prompt,
        "response": content.response,
        "language": content.language,
        "language_name": language_name(content.language),
        "policy": content.policy,
        "category": content.category,
        "drafts": _opinions(state, item) + drafts if mode == "settle" else drafts,
        "own": own.review.model_dump() if own is not None else None,
    }


def _opinions(state: State, item: ItemState) -> list[Shown]:
    """What reviewers said of an item, for whoever settles it, without their names."""
    shown = []
    for place, given in enumerate(sorted(item.reviews.values(), key=lambda given: given.number)):
        review = given.review
        text = item.item.response if review.response is None else review.response
        about = f"{state.labels[review.label].title}; {review.category}"
        note = f"; {review.note}" if review.note else ""
        shown.append({"id": "", "title": f"Reviewer {chr(65 + place)}", "by": f"{about}{note}", "text": text})
    return shown


def _event(mode: Mode) -> Literal["review", "adjudication"]:
    return "adjudication" if mode == "settle" else "review"

"""Items by filter and search, one item with what was said of it, and how far everything is.

One decision: a reviewer sees of others' reviews only figures over all items; whoever settles sees those of an item once
nobody is asked about it any more. So no page can undo a blind review.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from aurora.languages.lookup import language_name
from aurora.redteam.review.agreement import agreement_table
from aurora.redteam.review.log.deciding import category_of
from aurora.redteam.review.log.state import STATUSES, ItemState, State, Status
from aurora.redteam.review.server.desk.work import ASKED
from aurora.redteam.review.server.keeping.accounts import Person
from aurora.redteam.review.server.keeping.store import Store
from aurora.redteam.review.server.web.guards import person_of
from aurora.redteam.review.server.web.rendering import page

router = APIRouter()
Signed = Annotated[Person, Depends(person_of)]
A_PAGE, LONGEST_SHOWN, LONGEST_SEARCH = 50, 160, 200
FRESH_SECONDS, SHARE = 5.0, 20.0  # agreement is computed anew after this, and never more than a 20th of the time
NAMES: dict[Status, str] = {
    "open": "open",
    "needs_second": "needs a second review",
    "needs_third": "needs a third review",
    "disagreed": "to be settled",
    "accepted": "accepted",
    "rejected": "rejected",
}


@router.get("/items")
def items(
    request: Request,
    person: Signed,
    q: str = "",
    language: str = "",
    category: str = "",
    status: str = "",
    at: int = 0,
) -> Response:
    """The items that this person may see, by filter."""
    store: Store = request.app.state.store
    words = q.casefold().strip()[:LONGEST_SEARCH]
    with store.turn:
        rows = [
            item
            for item in store.state.items.values()
            if _may_list(item, person)
            and (not language or item.item.language == language)
            and (not category or category_of(item) == category)
            and (not status or item.status == status)
            and (not words or words in item.item.prompt.casefold() or words == item.id.casefold())
        ]
        at = max(0, min(at, len(rows) - 1) // A_PAGE * A_PAGE)
        shown = [_row(store.state, item, person) for item in rows[at : at + A_PAGE]]
        languages, categories = _used(store.state)
    return page(
        request,
        "items",
        person,
        rows=shown,
        total=len(rows),
        at=at,
        step=A_PAGE,
        languages=languages,
        categories=categories,
        statuses=list(NAMES.items()) if person.may_settle() else [],
        asked={"q": q, "language": language, "category": category, "status": status},
    )


@router.get("/items/{id}")
def item(request: Request, person: Signed, id: str) -> Response:
    """One item, and what was said of it as far as this person may know."""
    store: Store = request.app.state.store
    with store.turn:
        found = store.state.items.get(id)
        if found is None or not _may_list(found, person):
            return page(
                request, "message", person, 404, failed="There is no such item for you: choose one of the list."
            )
        row = _row(store.state, found, person)
        given = [*found.reviews.values(), *filter(None, [found.adjudication])]
        shown = [one for one in given if one.who == person.reviewer or _may_read(found, person)]
        said = [
            {
                "who": "You" if one.who == person.reviewer else one.who,
                "label": store.state.labels[one.review.label].title,
                "category": one.review.category,
                "version": one.policy.version,
                "at": one.at,
                "note": one.review.note,
                "response": one.review.response,
            }
            for one in shown
        ]
    return page(request, "item", person, row=row, item=found.item, said_of=said)


@router.get("/progress")
def progress(request: Request, person: Signed) -> Response:
    """How many items are how far, by category and language, and how far reviewers agree."""
    store: Store = request.app.state.store
    with store.turn:
        counts = Counter(store.state.counts)
        agreement = request.app.state.agreement.table(store.state)
    return page(
        request,
        "progress",
        person,
        statuses=[(status, NAMES[status]) for status in STATUSES],
        by_category=_table(counts, 1),
        by_language=[(language_name(name), row) for name, row in _table(counts, 2)],
        total={status: sum(n for key, n in counts.items() if key[0] == status) for status in STATUSES},
        agreement=agreement,
        own=person.reviewer,
    )


class Agreement:
    """The agreement of reviewers as it was computed last, anew when something changed and enough time went by."""

    def __init__(self) -> None:
        self._count, self._until, self._table = -1, 0.0, dict[str, Any]()

    def table(self, state: State) -> dict[str, Any]:
        """The figures, a few seconds old at most while few items are reviewed."""
        begun = time.monotonic()
        if self._count != state.count and begun >= self._until:
            self._table, self._count = agreement_table(state), state.count
            ended = time.monotonic()
            self._until = ended + min(FRESH_SECONDS, SHARE * (ended - begun))
        return self._table


def _may_list(item: ItemState, person: Person) -> bool:
    return person.may_settle() or person.reviewer in item.reviews


def _may_read(item: ItemState, person: Person) -> bool:
    """Whether a person may know what others said of an item."""
    return person.may_settle() and item.status not in ASKED


def _row(state: State, item: ItemState, person: Person) -> dict[str, Any]:
    own = item.standing(person.reviewer, "review") or item.standing(person.reviewer, "adjudication")
    decided = item.decision if _may_read(item, person) else None
    text = " ".join(item.item.prompt.split())
    return {
        "id": item.id,
        "text": text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]} …",
        "language": item.item.language,
        "language_name": language_name(item.item.language),
        "category": category_of(item) if decided else item.item.category,
        "status": NAMES[item.status] if person.may_settle() else "",
        "decision": state.labels[decided.label].title if decided else "",
        "own": state.labels[own.review.label].title if own else "",
        "mode": "settle" if item.adjudication and item.adjudication.who == person.reviewer else "review",
    }


def _used(state: State) -> tuple[list[tuple[str, str]], list[str]]:
    """Languages with their names, and categories, that items have."""
    languages = sorted({(language_name(key[2]), key[2]) for key in state.counts})
    return languages, sorted({key[1] for key in state.counts})


def _table(counts: Counter[tuple[str, str, str]], part: int) -> list[tuple[str, dict[str, int]]]:
    """Rows of counts by status for each category (part 1) or language (2)."""
    rows: dict[str, Counter[str]] = {}
    for key, count in counts.items():
        if count:
            rows.setdefault(key[part], Counter())[key[0]] += count
    return [(name, dict(rows[name])) for name in sorted(rows)]

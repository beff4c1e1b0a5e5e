"""Norming rooms: everybody votes on one item without seeing the others, then the votes are shown and talked about.

One decision: a vote is an event and no review, so practising never decides an item; who opens and reveals a room is an
adjudicator, and what is said afterwards is kept beside the log.
"""

from __future__ import annotations

import time
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import insert, select
from starlette.responses import RedirectResponse

from aurora.errors import UserError
from aurora.redteam.review.log.contents import Reveal, Vote
from aurora.redteam.review.log.event import content_of
from aurora.redteam.review.log.values import LONGEST_NOTE, cleaned
from aurora.redteam.review.server.keeping.accounts import NotAllowed, Person
from aurora.redteam.review.server.keeping.store import Store, Writer
from aurora.redteam.review.server.keeping.tables import remarks, rooms
from aurora.redteam.review.server.web.guards import form_of, person_of
from aurora.redteam.review.server.web.rendering import page
from aurora.redteam.review.server.web.reviewing import keys_of

router = APIRouter()
Signed = Annotated[Person, Depends(person_of)]
Fields = Annotated[dict[str, str], Depends(form_of)]


@router.get("/rooms")
def listed(request: Request, person: Signed) -> Response:
    """All rooms, the latest first."""
    store: Store = request.app.state.store
    with store.turn, store.database.reading() as connection:
        shown = [
            _summary(store, person, row.name, row.item)
            for row in connection.execute(select(rooms).order_by(rooms.c.at.desc()).limit(200))
        ]
    return page(request, "rooms", person, rooms=shown)


@router.post("/rooms")
def opened(request: Request, person: Signed, fields: Fields) -> Response:
    """Open a room on an item."""
    store: Store = request.app.state.store
    _settles(person)
    with store.writing() as writer:
        item = store.state.item(fields.get("item", "").strip())
        names = set(writer.connection.scalars(select(rooms.c.name)))
        number = len(names) + 1
        while f"room-{number}" in names or f"room-{number}" in store.state.rooms:
            number += 1
        values = {"name": f"room-{number}", "item": item.id, "at": time.time()}
        writer.connection.execute(insert(rooms).values(**values))
    return RedirectResponse(f"/rooms/room-{number}", 303)


@router.get("/rooms/{name}")
def room(request: Request, person: Signed, name: str) -> Response:
    """A room: the item, the vote, and after the reveal everybody's votes and what is said of them."""
    return _page(request, person, name)


@router.post("/rooms/{name}/vote")
def vote(request: Request, person: Signed, name: str, fields: Fields) -> Response:
    """Keep a vote."""

    def add(writer: Writer, item: str) -> None:
        table = {"room": name, "label": fields.get("label", ""), "note": cleaned(fields.get("note", ""))}
        content = content_of("vote", table)
        assert isinstance(content, Vote)
        writer.add("vote", person.reviewer, content, item, fields.get("token", ""))

    return _done(request, person, name, add)


@router.post("/rooms/{name}/reveal")
def reveal(request: Request, person: Signed, name: str, fields: Fields) -> Response:
    """Show everybody's votes."""
    _settles(person)
    return _done(request, person, name, lambda writer, _: writer.add("reveal", person.reviewer, Reveal(room=name)))


@router.post("/rooms/{name}/say")
def say(request: Request, person: Signed, name: str, fields: Fields) -> Response:
    """Keep a remark, once the votes are shown."""
    text = cleaned(fields.get("text", "")).strip()[:LONGEST_NOTE]
    store: Store = request.app.state.store

    def add(writer: Writer, _: str) -> None:
        known = store.state.rooms.get(name)
        if known is None or not known.revealed:
            raise UserError("The votes are not shown yet: say it afterwards, so that everybody votes alone.")
        if text:
            values = {"room": name, "reviewer": person.reviewer, "text": text, "at": time.time()}
            writer.connection.execute(insert(remarks).values(**values))

    return _done(request, person, name, add)


def _done(request: Request, person: Person, name: str, act: Any) -> Response:
    store: Store = request.app.state.store
    try:
        with store.writing() as writer:
            item = writer.connection.scalar(select(rooms.c.item).where(rooms.c.name == name))
            if item is not None:
                act(writer, item)
    except UserError as error:
        return _page(request, person, name, str(error))
    return RedirectResponse(f"/rooms/{name}", 303)


def _settles(person: Person) -> None:
    if not person.may_settle():
        raise NotAllowed("Only an adjudicator opens a room and shows its votes.")


def _summary(store: Store, person: Person, name: str, item: str) -> dict[str, Any]:
    known = store.state.rooms.get(name)
    votes = known.votes if known else {}
    return {
        "name": name,
        "item": item,
        "votes": len(votes),
        "voted": person.reviewer in votes,
        "revealed": bool(known and known.revealed),
    }


def _page(request: Request, person: Person, name: str, failed: str = "") -> Response:
    store: Store = request.app.state.store
    with store.turn, store.database.reading() as connection:
        item = connection.scalar(select(rooms.c.item).where(rooms.c.name == name))
        if item is None:
            return page(request, "message", person, 404, failed="There is no such room: choose one of the list.")
        summary, known = _summary(store, person, name, item), store.state.rooms.get(name)
        votes = known.votes if known else {}
        own = votes.get(person.reviewer)
        titles = {label.id: label.title for label in store.state.labels.values()}
        said = connection.execute(select(remarks).where(remarks.c.room == name).order_by(remarks.c.id)).all()
        shown = [
            {"who": _named(who, person), "label": titles[one.label], "note": one.note}
            for who, one in sorted(votes.items())
            if summary["revealed"]
        ]
        content = store.state.items[item].item
        labels = keys_of(list(store.state.labels.values()))
    return page(
        request,
        "room",
        person,
        422 if failed else 200,
        room=summary,
        item=content,
        labels=labels,
        own=own,
        votes=shown,
        remarks=[{"who": _named(row.reviewer, person), "text": row.text} for row in said],
        failed=failed,
    )


def _named(who: str, person: Person) -> str:
    return "You" if who == person.reviewer else who

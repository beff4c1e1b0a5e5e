"""What an admin does: accounts, the import of items, and downloads of the log.

One decision: an account and what the log says of it are written in one transaction; and a file that is uploaded is read
like one on disk, by its content and within its limits, its name deciding nothing but its format.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import select
from starlette.responses import JSONResponse, StreamingResponse

from aurora.errors import UserError
from aurora.redteam.review.log.contents import Person as LoggedPerson
from aurora.redteam.review.server.desk.importing import add_items
from aurora.redteam.review.server.keeping.accounts import ROLES, Accounts, NotAllowed, Person
from aurora.redteam.review.server.keeping.store import Store
from aurora.redteam.review.server.keeping.tables import accounts as account_table
from aurora.redteam.review.server.web.guards import UPLOADS, form_of, person_of, sender
from aurora.redteam.review.server.web.rendering import page

router = APIRouter()


def admin_of(request: Request) -> Person:
    """Who sent a request; refuses whoever is no admin."""
    return _admin(person_of(request))


def _admin(person: Person) -> Person:
    if person.role != "admin":
        raise NotAllowed("Only an admin may do this.")
    return person


Admin = Annotated[Person, Depends(admin_of)]
Fields = Annotated[dict[str, str], Depends(form_of)]


@router.get("/people")
def people(request: Request, person: Admin) -> Response:
    """All accounts."""
    return _people(request, person)


def _people(request: Request, person: Person, status: int = 200, **values: str) -> Response:
    accounts: Accounts = request.app.state.accounts
    given = {"link": "", "invited": "", "failed": ""} | values
    return page(request, "people", person, status, people=accounts.people(), roles=ROLES, **given)


@router.post("/people")
def add(request: Request, person: Admin, fields: Fields) -> Response:
    """Add an account, and show its link once."""
    store: Store = request.app.state.store
    accounts: Accounts = request.app.state.accounts
    try:
        with store.writing() as writer:
            added, token = accounts.add(writer.connection, fields.get("login", ""), fields.get("role", ""))
            writer.add("reviewer", person.reviewer, LoggedPerson(id=added.reviewer, role=added.role))
    except UserError as error:
        return _people(request, person, 422, failed=str(error))
    return _people(request, person, link=_link(request, token), invited=added.login)


@router.post("/people/{account}")
def change(request: Request, person: Admin, account: int, fields: Fields) -> Response:
    """Give an account another role, close or open it, or make it a new link."""
    store: Store = request.app.state.store
    accounts: Accounts = request.app.state.accounts
    try:
        with store.writing() as writer:
            if fields.get("what") == "link":
                login = writer.connection.scalar(
                    select(account_table.c.login).where(account_table.c.id == account, account_table.c.active)
                )
                if login is None:
                    raise UserError("This account is closed or gone: open it first.")
                token = accounts.invite(writer.connection, account)
                return _people(request, person, link=_link(request, token), invited=login)
            changed = accounts.change(writer.connection, account, fields.get("role", ""), "active" in fields)
            logged = LoggedPerson(id=changed.reviewer, role=changed.role, active=changed.active)
            if store.state.people.get(changed.reviewer) != logged:
                writer.add("reviewer", person.reviewer, logged)
    except UserError as error:
        return _people(request, person, 422, failed=str(error))
    return _people(request, person)


def _link(request: Request, token: str) -> str:
    return f"{request.url.scheme}://{request.url.netloc}/welcome?token={token}"


@router.get("/data")
def data(request: Request, person: Admin) -> Response:
    """What the project holds, the form to import items, and the downloads."""
    store: Store = request.app.state.store
    with store.turn:
        values = {"events": store.state.count, "items": len(store.state.items), "key": request.app.state.key}
    return page(request, "data", person, **values)


@router.post(UPLOADS)
async def upload(request: Request, person: Annotated[Person, Depends(sender)], name: str = "") -> Response:
    """Import the items of a file, all or none."""
    from starlette.concurrency import run_in_threadpool

    content = await request.body()
    store: Store = request.app.state.store
    report = await run_in_threadpool(add_items, store, _admin(person), name, content)
    return JSONResponse(report)


@router.get("/data/log.jsonl")
def log(request: Request, person: Admin) -> Response:
    """The log, as `aurora redteam verify` and `export` read it."""
    store: Store = request.app.state.store

    def lines() -> Iterator[bytes]:
        for line in store.lines():
            yield line + b"\n"

    headers = {"Content-Disposition": "attachment; filename=log.jsonl"}
    return StreamingResponse(lines(), media_type="application/x-ndjson", headers=headers)

"""The app: its pages, its guard, and what an error becomes.

One decision: what a person did wrong is one sentence, on a page or for the script; anything else is answered with 500
and nothing of its inside, and its trace goes to the server's terminal.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException as StarletteException
from starlette.responses import JSONResponse, RedirectResponse
from starlette.staticfiles import StaticFiles

from aurora.errors import UserError
from aurora.redteam.review.server.desk.desk import Desk
from aurora.redteam.review.server.desk.exposure import Exposure
from aurora.redteam.review.server.desk.texts import Texts
from aurora.redteam.review.server.desk.work import Work
from aurora.redteam.review.server.keeping.accounts import Accounts, NotAllowed
from aurora.redteam.review.server.keeping.store import Store
from aurora.redteam.review.server.web import admin, listing, norming, reviewing, signing
from aurora.redteam.review.server.web.guards import Guard, SignedOut
from aurora.redteam.review.server.web.rendering import page

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
STATIC = Path(__file__).parent / "static"
_log = logging.getLogger("aurora.review")


def make_app(
    store: Store,
    accounts: Accounts,
    texts: Texts,
    *,
    style: str = "",
    hosts: Collection[str] = LOOPBACK,
    secure: bool = False,
) -> FastAPI:
    """The app for a project. `style` is the sheet that its pages share with reports, `hosts` the names it answers to;
    with `secure`, cookies travel by HTTPS alone."""
    app = FastAPI(title="Aurora review", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.store, app.state.accounts, app.state.texts = store, accounts, texts
    app.state.desk = Desk(store, Work(store), Exposure())
    app.state.agreement = listing.Agreement()
    app.state.key = store.state.head.key if store.state.head else ""
    app.state.secure = secure
    for room in (signing, reviewing, listing, norming, admin):
        app.include_router(room.router)

    @app.get("/static/page.css")
    def shared() -> Response:
        return Response(style, media_type="text/css")

    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_middleware(Guard, hosts=frozenset(hosts))
    _add_errors(app)
    return app


def _add_errors(app: FastAPI) -> None:
    app.add_exception_handler(SignedOut, _signed_out)
    app.add_exception_handler(UserError, _user_error)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(StarletteException, _refused)
    app.add_exception_handler(Exception, _unexpected)


def _answer(request: Request, status: int, said: str) -> Response:
    """A sentence, for the script or on a page."""
    if request.url.path.startswith(("/api/", "/data/import")):
        return JSONResponse({"said": said}, status)
    return page(request, "message", status=status, failed=said)


def _signed_out(request: Request, error: Exception) -> Response:
    if request.url.path.startswith("/api/") or request.method != "GET":
        return _answer(request, 401, "You are signed out: sign in again.")
    return RedirectResponse("/login", 303)


def _user_error(request: Request, error: Exception) -> Response:
    status = 403 if isinstance(error, NotAllowed) else 422
    return _answer(request, status, str(error))


def _malformed(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0] if error.errors() else {"loc": (), "msg": "it cannot be read"}
    where = ".".join(str(part) for part in first["loc"])
    return _answer(request, 422, f"This request is not one of a page of this server ({where}: {first['msg']}).")


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, StarletteException)
    said = "There is no such page: go back and choose another." if error.status_code == 404 else str(error.detail)
    return _answer(request, error.status_code, said)


def _unexpected(request: Request, error: Exception) -> Response:
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _answer(request, 500, "Something went wrong here; the server's terminal says what. Try again.")

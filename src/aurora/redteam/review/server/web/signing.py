"""Signing in and out, and choosing a password by a link.

One decision: a session begins with a new random cookie, whatever cookie the browser had, so nobody can be made to use
one that another knows; and nothing says whether a login exists.
"""

from __future__ import annotations

import math
import secrets
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.responses import RedirectResponse

from aurora.errors import UserError
from aurora.redteam.review.server.keeping.accounts import WHOLE_SECONDS, Accounts, Waits
from aurora.redteam.review.server.web.guards import COOKIE, cookie_of, form_of, person_of
from aurora.redteam.review.server.web.rendering import page

router = APIRouter()
Fields = Annotated[dict[str, str], Depends(form_of)]
WRONG = "Login and password do not belong together, or the account is closed."


@router.get("/")
def home(request: Request) -> Response:
    """To where this person's work is."""
    return RedirectResponse("/progress" if person_of(request).role == "admin" else "/review", 303)


@router.get("/login")
def login(request: Request) -> Response:
    """The form to sign in."""
    return _visited(request, "login", login="")


@router.post("/login")
def sign_in(request: Request, fields: Fields) -> Response:
    """Begin a session."""
    address = request.client.host if request.client else "unknown"
    accounts: Accounts = request.app.state.accounts
    login = fields.get("login", "")
    try:
        token = accounts.sign_in(login, fields.get("password", ""), address)
    except Waits as waits:
        said = f"Too many attempts failed: try again in {math.ceil(waits.seconds)} s."
        return page(request, "login", status=429, login=login, failed=said)
    if token is None:
        return page(request, "login", status=401, login=login, failed=WRONG)
    return _with_cookie(request, RedirectResponse("/", 303), token)


@router.post("/logout")
def sign_out(request: Request, fields: Fields) -> Response:
    """End the session."""
    request.app.state.accounts.sign_out(cookie_of(request))
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(COOKIE)
    return answer


@router.get("/welcome")
def welcome(request: Request, token: str = "") -> Response:
    """The form to choose a password, for whoever has the link."""
    person = request.app.state.accounts.invited(token)
    if person is None:
        return page(
            request, "message", status=404, failed="This link was used already, or is too old: ask for a new one."
        )
    return _visited(request, "welcome", login=person.login, token=token)


@router.post("/welcome")
def choose(request: Request, fields: Fields) -> Response:
    """Keep the password and sign in."""
    accounts: Accounts = request.app.state.accounts
    token, password = fields.get("token", ""), fields.get("password", "")
    invited = accounts.invited(token)
    login = invited.login if invited else ""
    try:
        if password != fields.get("again", ""):
            raise UserError("The two passwords differ: type them again.")
        person = accounts.accept(token, password)
    except UserError as error:
        return page(request, "welcome", status=422, login=login, token=token, failed=str(error))
    session = accounts.sign_in(person.login, password, "welcome")
    return _with_cookie(request, RedirectResponse("/", 303), session) if session else RedirectResponse("/login", 303)


def _visited(request: Request, name: str, login: str = "", token: str = "") -> Response:
    """A page with a form for somebody without a session, whose browser may have no cookie to tie the form to yet."""
    if cookie_of(request):
        return page(request, name, login=login, token=token)
    cookie = secrets.token_urlsafe(24)
    return _with_cookie(request, page(request, name, cookie=cookie, login=login, token=token), cookie)


def _with_cookie(request: Request, answer: Response, value: str) -> Response:
    answer.set_cookie(
        COOKIE,
        value,
        max_age=int(WHOLE_SECONDS),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https" or request.app.state.secure,
    )
    return answer

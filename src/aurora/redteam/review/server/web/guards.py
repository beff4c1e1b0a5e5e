"""What stands before every request: which host it is for, how large it may be, who sent it, and what a page may do.

One decision: the rules are here and not at each address, so a new page has them too. A request that changes something
is carried out only with the token of a page of ours (`X-Form`, or `form` in a form), besides the cookie that browsers
send by themselves.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection
from urllib.parse import parse_qs

from fastapi import HTTPException, Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aurora.redteam.review.server.keeping.accounts import Accounts, Person, form_token

COOKIE = "aurora_review"
LARGEST_FORM, LARGEST_UPLOAD = 1_000_000, 50_000_000  # bytes of a request
UPLOADS = "/data/import"  # the one address for files
# Nothing but our own scripts and styles, no frames, no forms or bases elsewhere.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # without any, browsers would not say that a form comes from here
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}


class Guard:
    """Refuses requests for other hosts, from other sites or too large, and sets the headers of every answer.

    Hosts are compared because a foreign name that leads to this machine would make a foreign page one of ours.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self._app, self._hosts = app, frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        headers = Headers(scope=scope)
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            return await refusal(scope, receive, _dressed(send))
        most = LARGEST_UPLOAD if scope["path"] == UPLOADS else LARGEST_FORM
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > most:
                raise HTTPException(413, _too_large(most))
            return message

        return await self._app(scope, counted, _dressed(send))

    def _refusal(self, scope: Scope, headers: Headers) -> PlainTextResponse | None:
        host = headers.get("host", "")
        if _name(host) not in self._hosts:
            return PlainTextResponse("This name is not one of this server: start it with --name.", 400)
        length = headers.get("content-length", "0")
        most = LARGEST_UPLOAD if scope["path"] == UPLOADS else LARGEST_FORM
        if not length.isascii() or not length.isdigit() or int(length) > most:
            return PlainTextResponse(_too_large(most), 413, {"Connection": "close"})
        if scope["method"] in ("GET", "HEAD"):
            return None
        origin = headers.get("origin")
        foreign = origin is not None and origin.partition("://")[2] != host
        if foreign or headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return PlainTextResponse("This came from another site: use the pages of this server.", 403)
        return None


def _name(host: str) -> str:
    """The name of a host header, without its port."""
    return host.rsplit("]", 1)[0] + "]" if host.startswith("[") else host.partition(":")[0].lower()


def _too_large(most: int) -> str:
    return f"This is more than {most:,} bytes: send less."


def _dressed(send: Send) -> Send:
    async def dressed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
        await send(message)

    return dressed


class SignedOut(Exception):
    """Somebody has to sign in first."""


def person_of(request: Request) -> Person:
    """Who sent a request; raises `SignedOut`."""
    accounts: Accounts = request.app.state.accounts
    token = request.cookies.get(COOKIE, "")
    person = accounts.signed_in(token) if token else None
    if person is None:
        raise SignedOut
    return person


def cookie_of(request: Request) -> str:
    """The cookie of a request, which a form of ours is tied to."""
    return request.cookies.get(COOKIE, "")


def check_form(request: Request, given: str) -> None:
    """Refuse (403) what was not sent by a page of ours to this browser."""
    cookie = cookie_of(request)
    if not cookie or not hmac.compare_digest(form_token(cookie).encode(), given.encode()):
        raise HTTPException(403, "This page is too old, or not of this server: reload it and try again.")


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form of ours; refuses one from elsewhere."""
    body = (await request.body()).decode("utf-8", errors="replace")
    fields = {name: values[-1] for name, values in parse_qs(body, keep_blank_values=True, max_num_fields=200).items()}
    check_form(request, fields.get("form", ""))
    return fields


def sender(request: Request) -> Person:
    """Who sent a request of a script of ours that changes something."""
    person = person_of(request)
    check_form(request, request.headers.get("x-form", ""))
    return person

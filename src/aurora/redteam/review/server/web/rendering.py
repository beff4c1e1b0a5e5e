"""Templates to pages.

One decision: a template escapes all that it is given, an unknown name in it is an error and not an empty text, and
every page gets who is signed in and the token of its forms from here.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from fastapi import Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from aurora.redteam.review.server.keeping.accounts import Person, form_token
from aurora.redteam.review.server.web.guards import cookie_of


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("aurora.redteam.review.server.web", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(
    request: Request, name: str, person: Person | None = None, status: int = 200, cookie: str = "", **values: Any
) -> HTMLResponse:
    """A page by the name of its template; its forms are tied to `cookie`, or to the one of the request."""
    project = request.app.state.store.state.head
    text = (
        _environment()
        .get_template(f"{name}.html")
        .render(
            person=person,
            path=request.url.path,
            project_title=project.project if project else "Review",
            form=form_token(cookie or cookie_of(request)),
            **({"said": "", "failed": ""} | values),
        )
    )
    return HTMLResponse(text, status)

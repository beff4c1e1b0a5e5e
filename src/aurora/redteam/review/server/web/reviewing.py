"""The screens on which items are labelled and settled, and the addresses that their script asks.

One decision: the script sends what a person says with the version it was made from; the answer is the next item, or 409
with both texts.
"""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from aurora.languages.lookup import language_name
from aurora.redteam.review.log.contents import Label, Review
from aurora.redteam.review.log.event import content_of
from aurora.redteam.review.log.state import State
from aurora.redteam.review.server.desk.desk import Conflict, Desk, Wish, Word
from aurora.redteam.review.server.desk.work import Mode
from aurora.redteam.review.server.keeping.accounts import Person, form_token
from aurora.redteam.review.server.web.guards import cookie_of, person_of, sender
from aurora.redteam.review.server.web.rendering import page

router = APIRouter()
Signed = Annotated[Person, Depends(person_of)]
Sender = Annotated[Person, Depends(sender)]
Few = Annotated[list[str], Field(max_length=50)]
FREE_KEYS = "123456789abcdefghijklmnopqrstuvwxyz0"


class Asked(BaseModel):
    """What every request of the script says: a token of its own, and which items are wanted."""

    model_config = ConfigDict(extra="ignore", strict=True)

    token: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{8,64}$")]
    mode: Mode = "review"
    languages: Few = []
    categories: Few = []

    def wish(self, mode: Mode | None = None) -> Wish:
        """Which items are wanted."""
        return Wish(mode or self.mode, tuple(self.languages), tuple(self.categories))


class Saying(Asked):
    """A label, and what goes with it."""

    item: str
    version: int
    label: str
    category: str
    response: str | None = None
    chosen: Few = []
    note: str = ""

    def word(self, mode: Mode) -> Word:
        """What the desk keeps."""
        review = content_of("review", self.model_dump(include=set(Review.model_fields)))
        assert isinstance(review, Review)
        return Word(self.item, self.version, review, self.token, self.wish(mode))


class Skipping(Asked):
    """An item that goes back."""

    item: str


class Seeing(BaseModel):
    """An item whose texts were uncovered."""

    item: str


def keys_of(labels: list[Label]) -> list[tuple[str, Label]]:
    """The labels in their order, each with its key; one that has none gets the first that is free."""
    free = iter([key for key in FREE_KEYS if key not in {label.key for label in labels}])
    return [(label.key or next(free), label) for label in labels]


@router.get("/review")
def review(request: Request, person: Signed) -> Response:
    """The screen to label items."""
    return _screen(request, person, "review")


@router.get("/settle")
def settle(request: Request, person: Signed) -> Response:
    """The screen to settle disagreements."""
    if not person.may_settle():
        return page(request, "message", person, 403, failed="Only an adjudicator settles what reviewers disagree on.")
    return _screen(request, person, "settle")


def _screen(request: Request, person: Person, mode: Mode) -> Response:
    store = request.app.state.store
    with store.turn:
        state: State = store.state
        labels = keys_of(list(state.labels.values()))
        categories = request.app.state.texts.categories(state)
        wanted = Counter[tuple[str, str]]()
        for (_, category, language), count in state.counts.items():
            wanted[category, language] += count
    data = {
        "mode": mode,
        "reviewer": person.reviewer,
        "form": form_token(cookie_of(request)),
        "labels": [{"id": label.id, "title": label.title} for _, label in labels],
        "categories": categories,
        "item": request.query_params.get("item"),
    }
    languages = sorted({(language_name(language), language) for _, language in wanted})
    used = sorted({category for category, _ in wanted})
    titles = {entry["id"]: entry["title"] for entry in categories.values()}
    return page(
        request,
        "review",
        person,
        data=data,
        labels=labels,
        mode=mode,
        languages=languages,
        categories=[(titles.get(category, category), category) for category in used],
    )


@router.get("/api/work")
def work(
    request: Request,
    person: Signed,
    mode: Mode = "review",
    language: Annotated[list[str], Query(max_length=50)] = [],  # noqa: B006
    category: Annotated[list[str], Query(max_length=50)] = [],  # noqa: B006
    item: str | None = None,
) -> dict[str, Any]:
    """The item in hand, or the next."""
    desk: Desk = request.app.state.desk
    return desk.next(person, Wish(mode, tuple(language), tuple(category)), item)


@router.post("/api/review")
def keep_review(request: Request, person: Sender, saying: Saying) -> Response:
    """Keep a reviewer's label."""
    return _said(request.app.state.desk, person, saying, "review")


@router.post("/api/settle")
def keep_word(request: Request, person: Sender, saying: Saying) -> Response:
    """Keep an adjudicator's word."""
    return _said(request.app.state.desk, person, saying, "settle")


def _said(desk: Desk, person: Person, saying: Saying, mode: Mode) -> Response:
    try:
        return JSONResponse(desk.say(person, saying.word(mode)))
    except Conflict as conflict:
        theirs = conflict.theirs.model_dump() if conflict.theirs else None
        return JSONResponse({"said": str(conflict), "theirs": theirs, "version": conflict.version}, 409)


@router.post("/api/step/{kind}")
def step(request: Request, person: Sender, kind: Literal["undo", "redo"], asked: Asked) -> dict[str, Any]:
    """Undo or redo what this person did last."""
    desk: Desk = request.app.state.desk
    return desk.step(person, kind, asked.wish(), asked.token)


@router.post("/api/work/skip")
def skip(request: Request, person: Sender, asked: Skipping) -> dict[str, Any]:
    """Put an item back and take another."""
    desk: Desk = request.app.state.desk
    return desk.skip(person, asked.item, asked.wish())


@router.post("/api/work/seen")
def seen(request: Request, person: Sender, asked: Seeing) -> dict[str, int | str]:
    """Count a text that was uncovered."""
    desk: Desk = request.app.state.desk
    return desk.seen(person, asked.item)

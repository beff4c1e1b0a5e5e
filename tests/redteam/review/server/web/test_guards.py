"""What stands before every request: foreign names, foreign sites, foreign forms and too many bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from fastapi import FastAPI

from aurora.redteam.review.server.starting import Project
from aurora.redteam.review.server.web.guards import COOKIE, HEADERS, LARGEST_FORM, LARGEST_UPLOAD, POLICY, _name
from redteam.review.server.people import Browser, fill

Enter = Callable[..., Browser]
CHANGES = ("/api/review", "/api/settle", "/api/step/undo", "/api/step/redo", "/api/work/skip", "/api/work/seen")
FORMS = ("/logout", "/rooms", "/rooms/room-1/vote", "/rooms/room-1/reveal", "/rooms/room-1/say", "/people", "/people/1")


def test_every_answer_forbids_what_no_page_needs(app: FastAPI, enter: Enter) -> None:
    ada = enter("ada")
    for address in (
        "/login",
        "/review",
        "/items",
        "/no-such-page",
        "/static/review.js",
        "/static/page.css",
        "/api/work",
    ):
        headers = ada.client.get(address).headers
        assert {name: headers[name] for name in HEADERS} == HEADERS
    assert "unsafe" not in POLICY
    assert "default-src 'none'" in POLICY


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost@evil.example", ""])
def test_a_foreign_name_that_leads_here_is_refused(app: FastAPI, host: str) -> None:
    answer = Browser(app).client.get("/login", headers={"Host": host})
    assert answer.status_code == 400
    assert "form" not in answer.text


def test_hosts_are_compared_without_ports() -> None:
    assert [_name(host) for host in ("LOCALHOST:80", "[::1]:8100", "127.0.0.1")] == ["localhost", "[::1]", "127.0.0.1"]


def test_a_script_of_another_page_changes_nothing(project: Project, enter: Enter) -> None:
    """CSRF: the cookie alone, a wrong token, another session's token."""
    fill(project)
    ada, bob = enter("ada"), enter("bob", "adjudicator")
    count = project.store.state.count
    body = {"item": "item-0", "version": 0, "label": "refuse", "category": "cyber"}
    for address in CHANGES:
        for form in ("", "0" * 64, bob.form):
            assert ada.send(address, form, **body).status_code == 403
        for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
            answer = ada.client.post(address, json=body, headers={"X-Form": ada.form} | headers)
            assert answer.status_code == 403
    assert project.store.state.count == count


def test_a_form_of_another_page_changes_nothing(project: Project, enter: Enter) -> None:
    ada = enter("ada", "admin")
    count = project.store.state.count
    for address in FORMS:
        for form in ("", "0" * 64):
            answer = ada.client.post(address, data={"form": form, "login": "eve", "role": "admin"})
            assert answer.status_code == 403
        foreign = ada.client.post(address, data={"form": ada.form}, headers={"Origin": "http://evil"})
        assert foreign.status_code == 403
    assert project.store.state.count == count
    assert ada.client.get("/items").status_code == 200  # and is still signed in


def test_nothing_is_shown_to_whoever_is_not_signed_in(app: FastAPI) -> None:
    stranger = Browser(app)
    for cookie in ("", "guessed"):
        stranger.client.cookies.set(COOKIE, cookie)
        for address in ("/api/work", "/review", "/items", "/items/x", "/rooms", "/people", "/data", "/data/log.jsonl"):
            answer = stranger.client.get(address)
            assert answer.status_code == (401 if address.startswith("/api") else 303)


def test_more_bytes_than_allowed_are_refused_before_they_are_read(project: Project, enter: Enter) -> None:
    ada, root = enter("ada"), enter("root2", "admin")
    large = "x" * (LARGEST_FORM + 1)
    assert ada.client.post("/api/review", content=large, headers={"X-Form": ada.form}).status_code == 413
    assert ada.post("/login", login=large).status_code == 413

    def chunks() -> Iterator[bytes]:
        for _ in range(LARGEST_FORM // 50_000 + 2):
            yield b"x" * 50_000

    told_nothing = ada.client.post("/api/review", content=chunks(), headers={"X-Form": ada.form})
    assert told_nothing.status_code == 413
    headers = {"X-Form": root.form, "Content-Length": str(LARGEST_UPLOAD + 1)}
    assert root.client.post("/data/import?name=x.jsonl", content=b"", headers=headers).status_code == 413
    assert root.client.post("/api/review", content=b"", headers=headers | {"Content-Length": "-5"}).status_code == 413
    assert len(project.store.state.items) == 0

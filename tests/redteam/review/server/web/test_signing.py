"""Signing in and out: fixation, guessing, and what a page tells."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI

from aurora.redteam.review.server import starting
from aurora.redteam.review.server.starting import Project
from aurora.redteam.review.server.web.app import make_app
from aurora.redteam.review.server.web.guards import COOKIE
from redteam.review.server.people import PASSWORD, Browser, join

Enter = Callable[..., Browser]


def test_a_cookie_that_somebody_planted_never_becomes_a_session(project: Project, app: FastAPI) -> None:
    join(project, "ada")
    victim = Browser(app)
    victim.client.cookies.set(COOKIE, "planted", domain="127.0.0.1")
    victim.sign_in("ada")
    assert victim.client.get("/items").status_code == 200
    attacker = Browser(app)
    attacker.client.cookies.set(COOKIE, "planted")
    assert attacker.client.get("/items").status_code == 303


def test_each_session_has_a_new_cookie_which_scripts_and_other_sites_do_not_get(project: Project, app: FastAPI) -> None:
    join(project, "ada")
    cookies = []
    for _ in range(2):
        browser = Browser(app)
        browser.get("/login")
        answer = browser.post("/login", login="ada", password=PASSWORD)
        cookies.append(answer.headers["set-cookie"])
    assert cookies[0] != cookies[1]
    for cookie in cookies:
        assert all(part in cookie.lower() for part in ("httponly", "samesite=strict", "path=/"))
        assert "Secure" not in cookie
    secure = make_app(project.store, project.accounts, project.texts, secure=True)
    assert "Secure" in Browser(secure).get("/login").headers["set-cookie"]


def test_signing_out_ends_the_session_on_the_server(app: FastAPI, enter: Enter) -> None:
    ada = enter("ada")
    cookie = ada.client.cookies[COOKIE]
    assert ada.post("/logout").status_code == 303
    thief = Browser(app)
    thief.client.cookies.set(COOKIE, cookie)
    assert thief.client.get("/items").status_code == 303


def test_guessing_is_slowed_and_tells_nothing(project: Project, app: FastAPI) -> None:
    join(project, "ada")
    browser = Browser(app)
    browser.get("/login")
    told = [browser.post("/login", login=name, password="wrong").text for name in ("ada", "nobody")]
    assert told[0].replace("ada", "") == told[1].replace("nobody", "")
    answers = [browser.post("/login", login="ada", password=f"guess {number}") for number in range(5)]
    assert [answer.status_code for answer in answers][-1] == 429
    blocked = browser.post("/login", login="ada", password=PASSWORD)
    assert blocked.status_code == 429
    assert "try again in" in blocked.text


def test_a_link_lets_its_owner_choose_a_password_once(project: Project, app: FastAPI) -> None:
    starting.add_person(project, "ada", "reviewer")
    address = f"/welcome?token={project.links['ada']}"
    token = project.links["ada"]
    browser = Browser(app)
    assert "Welcome, ada" in browser.get(address).text
    assert "differ" in browser.post("/welcome", token=token, password=PASSWORD, again="another one").text
    assert "10 to 200" in browser.post("/welcome", token=token, password="short", again="short").text
    assert browser.post("/welcome", token=token, password=PASSWORD, again=PASSWORD).status_code == 303
    assert browser.get("/review").status_code == 200
    assert browser.get(address).status_code == 404
    again = Browser(app)
    again.get("/login")
    assert "used already" in again.post("/welcome", token=token, password=PASSWORD, again=PASSWORD).text


def test_home_is_where_the_work_is(enter: Enter) -> None:
    assert enter("ada").client.get("/").headers["location"] == "/review"
    assert enter("root2", "admin").client.get("/").headers["location"] == "/progress"

"""What an admin does, and that nobody else does."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from aurora.redteam.review.log.event import Event
from aurora.redteam.review.log.replay import replay
from aurora.redteam.review.server.starting import Project
from redteam.review.server.people import CATEGORIES, PASSWORD, Browser, fill, join

Enter = Callable[..., Browser]
ROW = json.dumps({"id": "a", "prompt": "One?", "category": CATEGORIES[0], "language": "en"}).encode() + b"\n"


def upload(browser: Browser, content: bytes, name: str = "x.jsonl") -> tuple[int, str]:
    headers = {"X-Form": browser.form, "Content-Type": "application/octet-stream"}
    answer = browser.client.post("/data/import", params={"name": name}, content=content, headers=headers)
    return answer.status_code, answer.json()["said"]


def test_an_account_is_made_by_a_link_that_is_shown_once(project: Project, enter: Enter) -> None:
    root = enter("root2", "admin")
    page = root.post("/people", login="ada", role="reviewer").text
    (link,) = re.findall(r'value="http://[^"]*/welcome\?token=([^"]+)"', page)
    assert link not in root.client.get("/people").text
    person = project.accounts.accept(link, PASSWORD)
    assert project.store.state.people[person.reviewer].role == "reviewer"
    assert "already" in root.post("/people", login="ada", role="reviewer").text
    assert "none of" in root.post("/people", login="eve", role="root").text


def test_a_role_changes_in_the_log_too_and_a_closed_account_is_out(project: Project, enter: Enter) -> None:
    root, ada = enter("root2", "admin"), enter("ada")
    own = next(one for one in project.accounts.people() if one.login == "ada")
    root.post(f"/people/{own.account}", role="adjudicator", active="on")
    assert project.store.state.people[own.reviewer].role == "adjudicator"
    assert ada.client.get("/items").status_code == 303  # has to sign in with the new role
    ada.sign_in("ada")
    root.post(f"/people/{own.account}", role="adjudicator")
    assert not project.store.state.people[own.reviewer].active
    assert ada.client.get("/items").status_code == 303
    assert "closed or gone" in root.post(f"/people/{own.account}", what="link").text
    assert "no such account" in root.post("/people/999", role="admin").text


def test_a_new_link_replaces_a_forgotten_password(project: Project, enter: Enter) -> None:
    root = enter("root2", "admin")
    own = join(project, "ada")
    page = root.post(f"/people/{own.account}", what="link").text
    (link,) = re.findall(r'value="http://[^"]*/welcome\?token=([^"]+)"', page)
    assert project.accounts.accept(link, "another password").login == "ada"
    assert project.accounts.sign_in("ada", PASSWORD, "a") is None


@pytest.mark.parametrize("role", ["reviewer", "adjudicator"])
def test_nobody_else_reaches_any_of_it(project: Project, enter: Enter, role: str) -> None:
    ada = enter("ada", role)
    count = project.store.state.count
    for address in ("/people", "/data", "/data/log.jsonl"):
        assert ada.client.get(address).status_code == 403
    own = next(one for one in project.accounts.people() if one.login == "ada")
    for address in ("/people", f"/people/{own.account}", "/people/1"):
        assert ada.post(address, login="eve", role="admin", active="on", what="link").status_code == 403
    assert upload(ada, ROW)[0] == 403
    assert project.store.state.count == count


def test_items_are_uploaded_and_the_log_comes_down_whole(project: Project, enter: Enter) -> None:
    root = enter("root2", "admin")
    assert upload(root, ROW) == (200, "1 items imported.")
    assert upload(root, ROW, "../../x.exe")[0] == 422
    assert upload(root, b"{broken")[0] == 422
    answer = root.client.get("/data/log.jsonl")
    assert "attachment" in answer.headers["content-disposition"]
    state = replay(Event.read(line) for line in answer.text.splitlines())
    assert (state.count, state.last) == (project.store.state.count, project.store.state.last)
    assert project.store.state.head is not None
    assert project.store.state.head.key in root.client.get("/data").text


def test_nothing_else_of_the_disk_comes_down(project: Project, enter: Enter) -> None:
    fill(project, 1)
    root = enter("root2", "admin")
    for name in ("key.pem", "review.sqlite", "policies/eo-14110.yaml"):
        for path in (
            f"/static/../{name}",
            f"/static/..%2f..%2f..%2f{name}",
            f"/data/..%2f{name}",
            f"/{name}",
            f"/data/{name}",
        ):
            assert root.client.get(path).status_code in (404, 405), path
    assert root.client.get("/static/..%2fapp.py").status_code == 404
    assert root.client.get("/static//etc/passwd").status_code == 404

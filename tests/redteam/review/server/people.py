"""People who use a small review through the app as browsers do, and what they review."""

from __future__ import annotations

import re
from typing import Any

from argon2 import PasswordHasher
from fastapi import FastAPI
from fastapi.testclient import TestClient

from aurora.redteam.review.log.contents import Draft, Item
from aurora.redteam.review.server import starting
from aurora.redteam.review.server.keeping.accounts import Person
from aurora.redteam.review.server.starting import Project

POLICY = "eo-14110"
CATEGORIES = ("cyber", "privacy")
PASSWORD = "a long password"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
BASE = "http://127.0.0.1:8100"


def item(number: int = 0, **values: Any) -> Item:
    """A made-up item."""
    category = CATEGORIES[number % 2]
    own: dict[str, Any] = {
        "prompt": f"Made-up prompt {number}?",
        "response": f"No, not {number}.",
        "policy": POLICY,
        "category": category,
        "language": ("en", "fi")[number % 2],
        "kind": "harmful",
        "source": "tests",
        "drafts": [Draft(id="d1", text=f"A draft for {number}.", by="model-a")],
    }
    return Item(**own | values)


def fill(project: Project, count: int = 4, **values: Any) -> list[str]:
    """Import items; returns their ids."""
    ids = [f"item-{number}" for number in range(count)]
    with project.store.writing() as writer:
        for number, id in enumerate(ids):
            writer.add("import", starting.admin_of(project.store), item(number, **values), id)
    return ids


def join(project: Project, login: str, role: str = "reviewer") -> Person:
    """An account with a password."""
    starting.add_person(project, login, role)
    return project.accounts.accept(project.links.pop(login), PASSWORD)


class Browser:
    """Somebody at the app: a client with its own cookies, which reads the forms of pages."""

    def __init__(self, app: FastAPI) -> None:
        self.client = TestClient(app, base_url=BASE, raise_server_exceptions=False, follow_redirects=False)
        self.form = ""
        self._tokens = 0

    def get(self, address: str, **values: Any) -> Any:
        answer = self.client.get(address, **values)
        if found := re.search(r'name="form" value="(\w+)"', answer.text):
            self.form = found[1]
        return answer

    def post(self, address: str, **fields: str) -> Any:
        """Send a form."""
        return self.client.post(address, data={"form": self.form} | fields)

    def send(self, address: str, form: str | None = None, **body: Any) -> Any:
        """Send what a script sends."""
        self._tokens += 1
        whole = {"token": f"token-{id(self)}-{self._tokens}"} | body
        headers = {"X-Form": self.form if form is None else form}
        return self.client.post(address, json=whole, headers=headers)

    def sign_in(self, login: str, password: str = PASSWORD) -> Browser:
        self.get("/login")
        answer = self.post("/login", login=login, password=password)
        assert answer.status_code == 303, answer.text
        self.get("/items")
        return self

    def say(self, label: str, work: dict[str, Any], /, **values: Any) -> Any:
        """Label what `work` shows."""
        shown = work["item"]
        body = {"item": shown["id"], "version": shown["version"], "category": shown["category"], "label": label}
        address = "/api/settle" if work["mode"] == "settle" else "/api/review"
        return self.send(address, **{**body, "mode": work["mode"]} | values)

    def work(self, mode: str = "review", **query: Any) -> dict[str, Any]:
        answer = self.client.get("/api/work", params={"mode": mode} | query)
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

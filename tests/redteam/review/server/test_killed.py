"""Kills: twenty people label at once while the server is killed again and again; nothing is lost, nothing doubled."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from aurora.redteam.review.log.event import Event
from aurora.redteam.review.log.file import verify
from aurora.redteam.review.server import starting
from aurora.redteam.review.server.keeping.accounts import form_token
from aurora.redteam.review.server.starting import Beginning
from aurora.redteam.review.server.web.guards import COOKIE
from redteam.review.server.people import POLICY, QUICK, fill, join
from redteam.review.server.serving import Server

PEOPLE, KILLS = 20, 10


class Client:
    """Somebody who sends each label again until it is answered, as the page does."""

    def __init__(self, server: Server, session: str, login: str) -> None:
        self._server, self._session, self._login = server, session, login
        self.confirmed: dict[str, str] = {}  # token -> item
        self.sent = 0

    def ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """The answer, however often the server has to be asked."""
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=10)
            headers = {"Cookie": f"{COOKIE}={self._session}", "X-Form": form_token(self._session)}
            try:
                self.sent += 1
                content = None if body is None else json.dumps(body)
                connection.request(method, path, content, headers | {"Content-Type": "application/json"})
                answer = connection.getresponse()
                text = answer.read()
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)
                continue
            finally:
                connection.close()
            assert answer.status == 200, (answer.status, text)
            found: dict[str, Any] = json.loads(text)
            return found

    def work(self, ended: threading.Event) -> None:
        """Label until the end."""
        shown = self.ask("GET", "/api/work")["item"]
        number = 0
        while not ended.is_set() and shown is not None:
            number += 1
            token = f"{self._login}-{number:06}"
            body = {"token": token, "item": shown["id"], "version": shown["version"], "category": shown["category"]}
            body |= {"label": "refuse", "response": f"As {self._login} has it, {number}."}
            after = self.ask("POST", "/api/review", body)["item"]
            self.confirmed[token] = shown["id"]
            shown = after


def _wait_for(clients: list[Client], more: int) -> None:
    """Until so many more labels are confirmed."""
    wanted = sum(len(client.confirmed) for client in clients) + more
    deadline = time.monotonic() + 60
    while sum(len(client.confirmed) for client in clients) < wanted:
        assert time.monotonic() < deadline, "no labels are confirmed"
        time.sleep(0.01)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_ten_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    project = starting.open_project(tmp_path / "review", Beginning((POLICY,)), hasher=QUICK)
    fill(project, 1_200)
    sessions = {}
    for number in range(PEOPLE):
        login = f"person{number}"
        join(project, login)
        sessions[login] = project.accounts.sign_in(login, "a long password", login)
    project.close()
    server, ended, chance = Server(tmp_path / "review"), threading.Event(), random.Random(3)
    clients = [Client(server, session or "", login) for login, session in sessions.items()]
    threads = [threading.Thread(target=client.work, args=(ended,), daemon=True) for client in clients]
    for thread in threads:
        thread.start()
    for _ in range(KILLS):
        _wait_for(clients, 25)
        time.sleep(chance.random() / 10)
        server.kill()
        server.start()
    _wait_for(clients, 25)
    ended.set()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert server.stop() in (0, 143)
    again = starting.open_project(tmp_path / "review", Beginning(), hasher=QUICK)
    starting.save_log(again, tmp_path / "log.jsonl")
    again.close()
    assert verify(tmp_path / "log.jsonl").faults == []
    events = [Event.read(line) for line in (tmp_path / "log.jsonl").read_bytes().splitlines()]
    kept = {event.token: event.item for event in events if event.kind == "review"}
    confirmed = {token: item for client in clients for token, item in client.confirmed.items()}
    assert len(confirmed) > 100
    assert {token: kept.get(token) for token in confirmed} == confirmed
    assert len(kept) == sum(event.kind == "review" for event in events)  # no token twice
    assert len(kept.keys() - confirmed.keys()) <= PEOPLE  # at most what each was waiting for
    given = [(event.who, event.item) for event in events if event.kind == "review"]
    assert len(set(given)) == len(given)
    assert sum(client.sent for client in clients) > len(confirmed) + PEOPLE  # some were sent more than once

"""Many requests: each answer kept when it comes, none paid for twice, and an end that loses nothing."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from aurora.errors import AuroraError
from aurora.redteam.endpoint.asking import Asked, ask_all
from aurora.redteam.endpoint.client import Client
from aurora.redteam.endpoint.request import Failure, Reply, Request
from aurora.redteam.endpoint.settings import Endpoint, Prices
from endpoint_server import Server, serving

REQUESTS = [Request(f"no. {number}") for number in range(12)]


def ask(server: Server, cache: Path, requests: list[Request] = REQUESTS, **more: Any) -> Asked:
    settings = {"requests_a_minute": 1000, "attempts": 1, "prices": Prices(read=1, written=10), **more}
    return ask_all(Client(Endpoint(url=server.url, model="m", **settings)), requests, cache, "answers")


def texts(asked: Asked) -> list[str]:
    return [one.text if isinstance(one, Reply) else one.why for one in asked.answers]


def test_answers_come_in_order_and_are_there_again_for_nothing(tmp_path: Path) -> None:
    with serving() as server:
        first = ask(server, tmp_path / "kept")
        again = ask(server, tmp_path / "kept")
        assert len(server.asked) == 12
    assert texts(first) == texts(again) == [f"answer to no. {number}" for number in range(12)]
    assert (first.kept, again.kept) == (0, 12)
    assert first.cost == pytest.approx(12 * 6e-5)
    assert again.cost == 0


def test_the_same_request_is_asked_once_and_another_try_again(tmp_path: Path) -> None:
    with serving() as server:
        found = ask(server, tmp_path / "kept", [Request("a"), Request("a"), Request("a", number=1)])
        assert len(server.asked) == 2
    assert texts(found) == ["answer to a"] * 3


def test_a_failure_of_one_request_is_told_and_tried_again_by_the_next_command(tmp_path: Path) -> None:
    with serving() as server:
        server.faults = ["status 400"]
        found = ask(server, tmp_path / "kept", at_once=1)
        assert [isinstance(one, Failure) for one in found.answers] == [True] + [False] * 11
        assert texts(ask(server, tmp_path / "kept"))[0] == "answer to no. 0"
        assert len(server.asked) == 13


def test_an_end_for_good_keeps_what_was_answered_and_the_next_command_goes_on(tmp_path: Path) -> None:
    with serving() as server:
        server.faults = [""] * 5 + ["status 503"] * 9
        with pytest.raises(AuroraError, match="does not answer"):
            ask(server, tmp_path / "kept")
        asked = len(server.asked)
        assert asked < 12
        server.faults = []
        found = ask(server, tmp_path / "kept")
        assert found.kept >= 5
        assert len(server.asked) == asked + 12 - found.kept
    assert texts(found) == [f"answer to no. {number}" for number in range(12)]


def test_a_limit_on_cost_is_never_passed_and_is_that_of_one_command(tmp_path: Path) -> None:
    limit = 0.008  # one request at its most, and what is left of another
    with serving() as server:
        with pytest.raises(AuroraError, match="raise `cost_limit`"):
            ask(server, tmp_path / "kept", [Request(f"no. {n}") for n in range(400)], cost_limit=limit)
        answered = len(server.asked)
        assert limit - 0.0052 < answered * 6e-5 <= limit
        ask(server, tmp_path / "kept")
        assert ask(server, tmp_path / "kept", cost_limit=0).kept == 12


def test_who_stops_does_not_wait_for_an_endpoint_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with serving() as server:
        server.faults = ["", *["hangs"] * 11]
        monkeypatch.setattr("aurora.redteam.endpoint.asking.Responses.keep", interrupted)
        begun = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            ask(server, tmp_path / "kept", seconds=20)
        assert time.monotonic() - begun < 5

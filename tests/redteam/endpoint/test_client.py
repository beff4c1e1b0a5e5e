"""What passes is tried again, what stays is told; and a key goes nowhere but to its endpoint."""

from __future__ import annotations

import time
from typing import Any

import pytest

from aurora.errors import AuroraError, UserError
from aurora.redteam.endpoint.client import Client
from aurora.redteam.endpoint.request import Failure, Reply, Request
from aurora.redteam.endpoint.settings import Endpoint, Prices
from endpoint_server import Server, serving

SECRET = "sk-verysecret-0123456789"


def client(server: Server, **more: Any) -> tuple[Client, list[float]]:
    """A client of a server, and the pauses that it makes."""
    pauses: list[float] = []
    settings = {"requests_a_minute": 1000, "seconds": 5.0, "attempts": 4, "prices": Prices(read=1, written=10), **more}
    return Client(Endpoint(url=server.url, model="m", **settings), sleep=pauses.append), pauses


def test_a_request_is_answered_and_paid_for() -> None:
    with serving() as server:
        asking, pauses = client(server)
        assert asking.ask(Request("hello")) == Reply("answer to hello", True, 10, 5, 6e-5)
    assert server.asked == [
        {"model": "m", "messages": [{"role": "user", "content": "hello"}], "temperature": 0.0, "max_tokens": 512}
    ]
    assert pauses == []
    assert asking.spending.spent == pytest.approx(6e-5)
    assert "Authorization" not in server.headers[0]


@pytest.mark.parametrize(
    ("fault", "billed"),
    [("status 429", False), ("status 500", False), ("status 529", False), ("cut", True), ("gone", True),
     ("malformed", True), ("empty", True)],
    ids=["429", "500", "529", "cut", "gone", "malformed", "empty"],
)  # fmt: skip
def test_what_passes_is_tried_again_with_longer_pauses(fault: str, billed: bool) -> None:
    with serving() as server:
        server.faults = [fault] * 3
        asking, pauses = client(server)
        reply = asking.ask(Request("hello"))
    assert isinstance(reply, Reply)
    assert reply.text == "answer to hello"
    assert len(server.asked) == 4
    assert [0.5 * 2**number <= pause <= 2**number for number, pause in enumerate(pauses)] == [True] * 3
    most = (len("hello") + 16 + 512 * 10) / 1e6
    assert asking.spending.spent == pytest.approx(6e-5 + (3 * most if billed else 0))


def test_an_endpoint_is_left_alone_as_long_as_it_asks_for() -> None:
    with serving() as server:
        server.faults = ["status 429 Retry-After:7"]
        asking, pauses = client(server)
        clock = [0.0]
        asking.pace._clock = lambda: clock[0]
        asking.pace._sleep = lambda seconds: clock.__setitem__(0, clock[0] + seconds)
        asking.ask(Request("hello"))
    assert clock[0] == pytest.approx(7)
    assert pauses == []


def test_what_never_passes_ends_with_one_sentence() -> None:
    with serving() as server:
        server.faults = ["status 503"] * 9
        asking, _ = client(server)
        with pytest.raises(AuroraError, match=r"does not answer \(503 no:\), after 4 attempts: .* is kept"):
            asking.ask(Request("hello"))
        assert len(server.asked) == 4


def test_a_server_that_is_slow_or_never_ends_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as server:
        server.faults = ["slow", "drips"]
        asking, pauses = client(server, seconds=0.3)
        begun = time.monotonic()
        assert isinstance(asking.ask(Request("hello")), Reply)
        assert time.monotonic() - begun < 3
    assert len(pauses) == 2


def test_a_request_that_is_refused_for_good_is_a_failure_of_its_own() -> None:
    with serving() as server:
        server.faults = ["status 400"]
        asking, _ = client(server)
        assert asking.ask(Request("hello")) == Failure("400 no:")
        assert isinstance(asking.ask(Request("hello")), Reply)
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("fault", "said"),
    [("status 401", "gives no access with the key in MY_KEY"), ("status 403", "gives no access"),
     ("status 404", "no chat completions of the model m"), ("status 307 Location:http://127.0.0.1:9/", "(307")],
    ids=["401", "403", "404", "redirection"],
)  # fmt: skip
def test_where_nothing_can_succeed_nothing_is_tried_again_and_no_key_is_shown(
    monkeypatch: pytest.MonkeyPatch, fault: str, said: str
) -> None:
    monkeypatch.setenv("MY_KEY", SECRET)
    with serving() as server:
        server.faults = [fault]
        asking, _ = client(server, key="MY_KEY")
        with pytest.raises(UserError) as told:
            asking.ask(Request("hello"))
    assert said in str(told.value)
    assert SECRET not in str(told.value)
    assert server.headers[0]["Authorization"] == f"Bearer {SECRET}"
    assert len(server.asked) == 1


def test_nobody_there_is_one_sentence() -> None:
    with serving() as server:
        asking, _ = client(server)
    with pytest.raises(AuroraError, match="does not answer"):
        asking.ask(Request("hello"))
    assert asking.spending.spent == 0


def test_usage_that_is_wrong_costs_what_is_likely() -> None:
    with serving() as server:
        server.faults = ['usage {"prompt_tokens": -5, "completion_tokens": 1e30}']
        asking, _ = client(server)
        reply = asking.ask(Request("hello"))
    assert isinstance(reply, Reply)
    assert 0 < reply.cost < 1e-3

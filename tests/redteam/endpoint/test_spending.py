"""A limit on cost is never passed, however many ask at once."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from aurora.redteam.endpoint.request import Request
from aurora.redteam.endpoint.settings import Endpoint, Prices
from aurora.redteam.endpoint.spending import LimitReached, Spending


def spending(**more: Any) -> Spending:
    return Spending(Endpoint(url="https://example.org/v1", model="m", prices=Prices(read=1, written=10), **more))


def test_the_most_that_may_be_spent_is_set_aside_and_the_rest_comes_back() -> None:
    money, request = spending(cost_limit=0.0025), Request("x" * 84, most_tokens=100)
    aside = money.set_aside(request)
    assert aside == pytest.approx((84 + 16 + 100 * 10) / 1e6)
    second = money.set_aside(request)
    third = threading.Thread(target=lambda: money.settle(money.set_aside(request), 0.001))
    third.start()  # waits until one of the others is settled
    money.settle(aside, 0.0002)
    third.join(5)
    assert not third.is_alive()
    money.settle(second, 0.0008)
    assert money.spent == pytest.approx(0.002)
    with pytest.raises(LimitReached, match=r"may cost 0.0011, and of the cost limit of 0.0025 are spent 0.0020"):
        money.set_aside(request)


def test_without_prices_nothing_costs_and_without_a_limit_nothing_stops() -> None:
    free = Spending(Endpoint(url="https://example.org/v1", model="m"))
    assert free.set_aside(Request("x")) == 0
    assert free.cost(10**6, 10**6) == 0
    assert spending().set_aside(Request("x", most_tokens=10**9)) > 1000

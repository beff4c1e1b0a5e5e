"""In no minute there are more requests or tokens than may be."""

from __future__ import annotations

import pytest

from aurora.redteam.endpoint.pace import MINUTE, Pace


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def read(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


def times(requests: int, tokens: int | None, sizes: list[int]) -> list[float]:
    clock = Clock()
    pace = Pace(requests, tokens, clock.read, clock.sleep)
    found = []
    for size in sizes:
        pace.wait(size)
        found.append(clock.now - 1000)
        clock.now += 1
    return found


def test_requests_wait_for_the_minute_to_move_on() -> None:
    found = times(3, None, [1] * 7)
    assert found == [0, 1, 2, 60, 61, 62, 120]
    assert all(sum(start <= one < start + MINUTE for one in found) <= 3 for start in range(121))


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [([40, 40, 40], [0, 1, 60]), ([500, 1], [0, 60]), ([60, 60, 100], [0, 60, 120])],
    ids=["sum", "larger than a minute", "each alone"],
)
def test_tokens_wait_too_and_what_is_larger_than_a_minutes_goes_alone(sizes: list[int], expected: list[float]) -> None:
    assert times(100, 100, sizes) == expected


def test_an_endpoint_that_wants_to_be_left_alone_is() -> None:
    clock = Clock()
    pace = Pace(100, None, clock.read, clock.sleep)
    pace.rest(30)
    pace.rest(5)
    pace.wait(1)
    assert clock.now == 1030

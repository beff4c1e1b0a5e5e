from __future__ import annotations

from aurora.training.process.heartbeat import COMPUTING, Heartbeat


class Memory:
    """A store in this process."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def set(self, key: str, value: str) -> None:
        self.values[key] = value

    def get(self, key: str) -> bytes:
        return self.values[key].encode()

    def check(self, keys: list[str]) -> bool:
        return all(key in self.values for key in keys)


class Pair:
    """Two ranks with a clock that is set by hand; the second machine's is an hour late."""

    def __init__(self) -> None:
        self.now = 10_000.0
        self.problems: list[str] = []
        store = Memory()
        self.first = Heartbeat(store, 0, 2, 10, self.problems.append, lambda: self.now)
        self.second = Heartbeat(store, 1, 2, 10, self.problems.append, lambda: self.now - 3600)

    def pass_seconds(self, seconds: int) -> None:
        """Both live on."""
        for _ in range(seconds):
            self.now += 1
            self.second.beat()
            self.first.beat()


def test_ranks_that_get_on_are_left_alone() -> None:
    pair = Pair()
    for step in range(100):
        pair.first.note(f"step {step}, {COMPUTING}")
        pair.second.note(f"step {step}, {COMPUTING}")
        pair.pass_seconds(9)
    assert pair.problems == []


def test_a_silent_rank_is_named_after_the_timeout_whatever_its_clock_says() -> None:
    pair = Pair()
    pair.second.note("step 7, saving")
    pair.second.beat()
    pair.first.beat()
    pair.now += 9
    pair.first.beat()
    assert pair.problems == []
    pair.now += 1
    pair.first.beat()
    assert pair.problems == ["Rank 1 has not responded for 10 s; its last operation was step 7, saving."]


def test_a_rank_that_lives_but_does_not_get_on_is_named() -> None:
    pair = Pair()
    pair.second.note(f"step 7, {COMPUTING}")
    pair.pass_seconds(19)
    assert pair.problems == []
    pair.pass_seconds(1)
    assert pair.problems == [f"Rank 1 has been stuck in step 7, {COMPUTING} for 20 s."]


def test_measuring_may_take_as_long_as_it_likes() -> None:
    pair = Pair()
    pair.second.note("step 7, measuring")
    pair.pass_seconds(100)
    assert pair.problems == []

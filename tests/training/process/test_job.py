from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from aurora.errors import AuroraError
from aurora.training.process.job import Job, attempt_name


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


def meet(store: Memory, ranks: int) -> set[str]:
    with ThreadPoolExecutor(ranks) as pool:
        return set(pool.map(lambda rank: attempt_name(store, rank, ranks, 10, pause=0.001), range(ranks)))


def test_every_attempt_agrees_on_a_name_of_its_own_in_a_store_that_remembers() -> None:
    store = Memory()
    names = [meet(store, 4) for _ in range(20)]
    assert all(len(name) == 1 for name in names)
    assert len(set.union(*names)) == 20


def test_what_an_attempt_that_died_on_the_way_left_is_not_believed() -> None:
    store = Memory()
    for came in ((1, 2), (0, 1), (0, 2), (0,)):
        with ThreadPoolExecutor(3) as pool:
            waits = [pool.submit(attempt_name, store, rank, 3, 0.05, 0.001) for rank in came]
            # Rank 0 goes on with nobody's old word; another may take its name and then wait for the rest under it.
            assert isinstance(waits[0].exception(), AuroraError)
        assert len(meet(store, 3)) == 1


def test_who_waits_alone_says_for_whom() -> None:
    with pytest.raises(AuroraError, match="Rank 1 has waited 0 s for the other 2 processes"):
        attempt_name(Memory(), 1, 3, 0.01, 0.001)


def test_one_process_agrees_with_itself() -> None:
    job = Job()
    job.wait()
    assert job.hear("word") == "word"
    job.agree("")
    with pytest.raises(AuroraError, match="a problem"):
        job.agree("a problem")

"""Each request is computed once and answered to everyone, by any number of ranks."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.errors import AuroraError
from aurora.evaluation.scorer.answering import Keep, answered, shares
from aurora.kept import Responses

RANK = Path(__file__).with_name("rank.py")


@given(st.lists(st.integers(0, 400), max_size=30), st.integers(1, 6))
def test_each_is_in_one_share_and_neighbours_stay_together(costs: list[int], ranks: int) -> None:
    parts = shares(range(len(costs)), costs, ranks)
    assert len(parts) == ranks
    assert [number for part in parts for number in part] == list(range(len(costs)))


def test_shares_cost_about_the_same() -> None:
    parts = shares(range(100), [10] * 100, 4)
    assert [len(part) for part in parts] == [25] * 4


class Counting:
    """Answers a request with its own number's square, and counts."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def __call__(self, numbers: Sequence[int], keep: Keep) -> None:
        for number in numbers:
            self.asked.append(number)
            keep({number: number * number})


def test_equal_requests_are_computed_once() -> None:
    compute = Counting()
    assert answered(["a", "b", "a", "c"], [[1], [2], [1], [0]], compute) == [0, 1, 0, 9]
    assert compute.asked == [3, 0, 1]  # in the order of their ids


def test_known_answers_are_not_computed_and_new_ones_kept_as_they_come(tmp_path: Path) -> None:
    with Responses(tmp_path / "cache") as responses:
        first, second, failing = Counting(), Counting(), Counting()
        assert answered(["a", "b"], [[1], [2]], first, responses=responses) == [0, 1]
        assert answered(["b", "c"], [[2], [3]], second, responses=responses) == [1, 1]
        assert second.asked == [1]

        def stopped(numbers: Sequence[int], keep: Keep) -> None:
            failing(numbers[:1], keep)
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            answered(["d", "e"], [[1], [2]], stopped, responses=responses)
        assert responses.known(["d", "e"]) == {"d": 0}


def test_a_request_without_an_answer_is_an_error() -> None:
    def lazy(numbers: Sequence[int], keep: Keep) -> None:
        keep(dict.fromkeys(numbers[:-1], 1))

    with pytest.raises(AuroraError, match="1 of 2 requests have no answer"):
        answered(["a", "b"], [[1], [2]], lazy)


@pytest.mark.distributed
@pytest.mark.timeout(300)
@pytest.mark.parametrize("ranks", [1, 2, 3, 5])
def test_ranks_compute_each_of_seven_items_once_and_all_know_all(ranks: int, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", str(ranks), "--standalone", str(RANK)]
    subprocess.run([*command, str(tmp_path)], check=True, capture_output=True)
    told: list[Mapping[str, Any]] = [json.loads(path.read_text()) for path in sorted(tmp_path.glob("*.json"))]
    assert len(told) == ranks
    assert all(one["answers"] == told[0]["answers"] for one in told)
    assert sorted(row for one in told for row in one["computed"]) == list(range(7))
    assert told[0]["answers"] == pytest.approx(told[0]["alone"], abs=1e-5)

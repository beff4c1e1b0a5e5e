"""The count of texts and the break: after many in a row, or a long time without a pause."""

from __future__ import annotations

import pytest

from aurora.redteam.review.server.desk.exposure import DAY, MOST_TEXTS, PAUSE_SECONDS, Exposure, _why
from aurora.redteam.review.server.starting import Project

NOON = 20_000 * DAY + DAY / 2


def test_texts_are_counted_by_person_and_day(project: Project) -> None:
    now = [NOON]
    exposure = Exposure(lambda: now[0])
    with project.store.database.writing() as connection:
        for _ in range(3):
            exposure.seen(connection, "r-a", "x")
        assert exposure.seen(connection, "r-b", "x")["today"] == 1
        assert exposure.of(connection, "r-a") == {"today": 3, "pause": ""}
        now[0] += DAY
        assert exposure.of(connection, "r-a")["today"] == 0


@pytest.mark.parametrize(
    ("times", "said"),
    [
        ([], ""),
        ([0.0], ""),
        ([float(second) for second in range(MOST_TEXTS)], f"{MOST_TEXTS} texts"),
        ([float(second) for second in range(MOST_TEXTS - 1)], ""),
        ([300.0 * number for number in range(11)], "50 minutes"),
        ([PAUSE_SECONDS + 1 + second for second in range(MOST_TEXTS)], ""),  # after a break
    ],
    ids=["none", "one", "many", "not yet", "long", "rested"],
)
def test_a_break_is_due(times: list[float], said: str) -> None:
    why = _why([NOON - ago for ago in times], NOON)
    assert (said in why) if said else not why

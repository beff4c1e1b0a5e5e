"""How many harmful texts a person has uncovered, and when a break is due.

One decision: texts are counted as they are uncovered, on the server, so the count is the same in every window; a break
is proposed, never forced, after many texts or a long time without a pause.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Callable, Sequence

from sqlalchemy import Connection, insert, select

from aurora.redteam.review.server.keeping.tables import exposures

PAUSE_SECONDS = 600.0  # without a text: that was a break
MOST_TEXTS, LONGEST_SECONDS = 60, 45 * 60.0  # in a row
DAY = 86_400.0


class Exposure:
    """Counts texts by person; remembers what it has read of the table, which no other process writes."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._times: dict[str, list[float]] = {}

    def seen(self, connection: Connection, who: str, item: str) -> dict[str, int | str]:
        """Count an item whose texts somebody uncovered; returns what `of` does."""
        now = self._clock()
        times = self._of(connection, who)
        connection.execute(insert(exposures).values(reviewer=who, item=item, at=now))
        times.append(now)
        return self.of(connection, who)

    def of(self, connection: Connection, who: str) -> dict[str, int | str]:
        """How many texts somebody has seen today (UTC), and why a break is due, if it is."""
        now, times = self._clock(), self._of(connection, who)
        today = len(times) - bisect_left(times, now - now % DAY)
        return {"today": today, "pause": _why(times[: -MOST_TEXTS - 1 : -1], now)}

    def _of(self, connection: Connection, who: str) -> list[float]:
        """When somebody saw a text, in the last two days."""
        if who not in self._times:
            recent = select(exposures.c.at).where(exposures.c.reviewer == who, exposures.c.at > self._clock() - 2 * DAY)
            self._times[who] = list(connection.scalars(recent.order_by(exposures.c.at)))
        return self._times[who]


def _why(times: Sequence[float], now: float) -> str:
    """What to say of texts seen at `times`, the latest first; nothing while no break is due."""
    row, after = 0, now
    for at in times:
        if after - at > PAUSE_SECONDS:
            break
        row, after = row + 1, at
    if row >= MOST_TEXTS:
        return f"You have read {row} texts without a break."
    if row and now - after > LONGEST_SECONDS:
        return f"You have been reading for {round((now - after) / 60)} minutes without a break."
    return ""

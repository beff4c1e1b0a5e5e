"""How many harmful texts a person has uncovered, and when a break is due.

One decision: texts are counted as they are uncovered, on the server, so the count is the same in every window; a break
is proposed, never forced, after many texts or a long time without a pause.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from sqlalchemy import Connection, func, insert, select

from aurora.redteam.review.server.keeping.tables import exposures

PAUSE_SECONDS = 600.0  # without a text: that was a break
MOST_TEXTS, LONGEST_SECONDS = 60, 45 * 60.0  # in a row
DAY = 86_400.0


class Exposure:
    """Counts texts by person."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock

    def seen(self, connection: Connection, who: str, item: str) -> dict[str, int | str]:
        """Count an item whose texts somebody uncovered; returns what `of` does."""
        connection.execute(insert(exposures).values(reviewer=who, item=item, at=self._clock()))
        return self.of(connection, who)

    def of(self, connection: Connection, who: str) -> dict[str, int | str]:
        """How many texts somebody has seen today (UTC), and why a break is due, if it is."""
        now = self._clock()
        own = exposures.c.reviewer == who
        today = select(func.count()).select_from(exposures).where(own, exposures.c.at >= now - now % DAY)
        latest = select(exposures.c.at).where(own).order_by(exposures.c.at.desc()).limit(MOST_TEXTS)
        return {"today": connection.scalar(today) or 0, "pause": _why(connection.scalars(latest).all(), now)}


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

"""What asking costs: set aside before a request, settled after it.

One decision: the most that a request may cost is set aside before it goes, so a limit is never passed, however many go
at once. What was sent and never answered counts as if it had been: a provider may bill it.
"""

from __future__ import annotations

import threading

from aurora.errors import AuroraError
from aurora.redteam.endpoint.request import Request
from aurora.redteam.endpoint.settings import Endpoint

MILLION = 1_000_000


class LimitReached(AuroraError):
    """No further request fits the limit on cost."""


class Spending:
    """The cost of one command."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._prices, self._limit = endpoint.prices, endpoint.cost_limit
        self._changed = threading.Condition()
        self._aside, self._going = 0.0, 0
        self.spent = 0.0

    def cost(self, read: int, written: int) -> float:
        """What so many tokens cost; 0 without prices."""
        if self._prices is None:
            return 0.0
        return (read * self._prices.read + written * self._prices.written) / MILLION

    def set_aside(self, request: Request) -> float:
        """The most that a request may cost, which is set aside; `LimitReached` where it does not fit.

        Where it fits as soon as others cost less than their most, this waits for them.
        """
        most = self.cost(request.most_read(), request.most_tokens)
        with self._changed:
            while self._limit is not None and self.spent + self._aside + most > self._limit:
                if not self._aside:
                    raise LimitReached(
                        f"The next answer may cost {most:.4f}, and of the cost limit of {self._limit:g} are spent "
                        f"{self.spent:.4f}: what was answered is kept; raise `cost_limit` and run the command again."
                    )
                self._changed.wait()
            self._aside += most
            self._going += 1
        return most

    def settle(self, aside: float, cost: float) -> None:
        """What was set aside is over, and so much of it was spent."""
        with self._changed:
            self._going -= 1
            self._aside = self._aside - aside if self._going else 0.0  # not what rounding leaves
            self.spent += cost
            self._changed.notify_all()

"""So many requests and tokens in any minute, shared by all that ask at once.

One decision: what was asked in the last sixty seconds is counted, minute by moving minute, as providers count it: a
budget that fills up evenly would let twice as many through around its edge.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

MINUTE = 60.0


class Pace:
    """Waits until a request may go; `clock` and `sleep` are the machine's but in tests."""

    def __init__(
        self,
        requests: int,
        tokens: int | None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._requests, self._tokens = requests, tokens
        self._clock, self._sleep = clock, sleep
        self._asked: deque[tuple[float, int]] = deque()  # when, and how many tokens
        self._until = 0.0  # the endpoint wants to be left alone so long
        self._lock = threading.Lock()

    def wait(self, tokens: int) -> None:
        """Return when a request of about so many tokens may go; one that is larger than a minute's goes alone."""
        while delay := self._delay(tokens):
            self._sleep(delay)

    def rest(self, seconds: float) -> None:
        """Let nothing go for so long: the endpoint said that it is asked too fast."""
        with self._lock:
            self._until = max(self._until, self._clock() + seconds)

    def _delay(self, tokens: int) -> float:
        with self._lock:
            now = self._clock()
            while self._asked and self._asked[0][0] <= now - MINUTE:
                self._asked.popleft()
            if now < self._until:
                return self._until - now
            if not self._fits(tokens):
                return self._asked[0][0] + MINUTE - now
            self._asked.append((now, tokens))
            return 0.0

    def _fits(self, tokens: int) -> bool:
        if not self._asked:
            return True
        if len(self._asked) >= self._requests:
            return False
        return self._tokens is None or sum(size for _, size in self._asked) + tokens <= self._tokens

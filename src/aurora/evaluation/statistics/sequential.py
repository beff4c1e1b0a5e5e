"""Stop when decided: verdicts on a loss that hold however often one looks and whenever one stops.

One decision: e-values by betting (Waudby-Smith and Ramdas, arXiv 2010.09686). Whoever bets against *the loss is within
the budget* starts with 1 and, if it is true, expects never to have more; having 20 is as rare as 1 in 20 at any time,
so no look costs anything. The bets are a fixed mixture: wealth depends on what was seen, not on its order, and nothing
has to be tuned. Items come in the order of a hash of their names, the same for every checkpoint and every machine.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Literal, TypeVar

import numpy as np

from aurora.evaluation.statistics.estimates import LEVEL, Floats

Decision = Literal["forgot", "kept", "cannot tell"]
Task = TypeVar("Task", bound=Hashable)
# Shares of what may be bet: small ones win on small losses in the long run, large ones on large losses at once.
SHARES = np.geomspace(0.04, 0.8, 8)
_CLOSE = 1e-4  # how near a bound of an interval is found
_FIRST = 10  # items of every task before any is preferred


class Watch:
    """The differences of a task's items, after - before, one by one: is more lost than the budget allows?

    Differences lie in [-1, 1], as those of right (1) and wrong (0) answers do. Items of one document are no independent
    evidence: give the mean of theirs. `tasks` is how many are watched together, so that all of their verdicts hold at
    once (Bonferroni); each alone is wrong at most 5 times in 100.
    """

    def __init__(self, budget: float, tasks: int = 1) -> None:
        if not 0 <= budget < 1:
            raise ValueError(f"A budget of {budget} is no share of a score: give one from 0 to below 1.")
        self.budget = budget
        self.enough = math.log(tasks / (1 - LEVEL))  # logarithm of the wealth at which a bet is won
        self.items = 0
        self._counts: dict[float, int] = {}
        self._decision: Decision = "cannot tell"

    def see(self, differences: Iterable[float]) -> Decision:
        """Take more differences, looking after each; what was decided once stays decided."""
        for difference in differences:
            if not -1 <= difference <= 1:
                raise ValueError(f"A difference of {difference} does not lie between -1 and 1.")
            self._counts[difference] = self._counts.get(difference, 0) + 1
            self.items += 1
            if self._decision == "cannot tell":
                if self.evidence_of_loss >= self.enough:
                    self._decision = "forgot"
                elif self.evidence_of_keeping >= self.enough:
                    self._decision = "kept"
        return self._decision

    @property
    def decision(self) -> Decision:
        """*forgot*: more is lost than the budget; *kept*: less; *cannot tell* as long as neither is sure."""
        return self._decision

    @property
    def evidence_of_loss(self) -> float:
        """Logarithm of the wealth of whoever bets that more is lost than the budget."""
        return _wealth(*self._seen(), -self.budget, losing=True)

    @property
    def evidence_of_keeping(self) -> float:
        """Logarithm of the wealth of whoever bets that less is lost than the budget."""
        return _wealth(*self._seen(), -self.budget, losing=False)

    @property
    def difference(self) -> float:
        """The mean difference so far; NaN without items."""
        values, counts = self._seen()
        return float((values * counts).sum() / self.items) if self.items else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """An interval of the mean difference that holds at all times at once, 95 times in 100 for a single task."""
        if not self.items:
            return -1.0, 1.0
        enough = self.enough + math.log(2)  # for its two sides
        values, counts = self._seen()
        above = _last(lambda mean: _wealth(values, counts, mean, losing=True) < enough, self.difference, 1.0)
        below = _last(lambda mean: _wealth(values, counts, mean, losing=False) < enough, self.difference, -1.0)
        return below, above

    @property
    def items_left(self) -> float:
        """How many more items a verdict would take at the rate of the evidence so far; infinite without any."""
        if self._decision != "cannot tell":
            return 0.0
        most = max(self.evidence_of_loss, self.evidence_of_keeping)
        return (self.enough - most) * self.items / most if most > 0 else math.inf

    def _seen(self) -> tuple[Floats, Floats]:
        return np.array(list(self._counts), np.float64), np.array(list(self._counts.values()), np.float64)


def until_decided(
    items: Mapping[Task, Sequence[str]],
    score: Callable[[Task, list[int]], Sequence[float]],
    budget: float,
    at_a_time: int = 32,
) -> dict[Task, Watch]:
    """Score the named items of tasks until each task is decided or has none left.

    `score` is given a task and the numbers of some of its items, and gives their differences, after - before.
    """
    watches = {task: Watch(budget, tasks=len(items)) for task in items}
    orders = {task: order_of(str(task), names) for task, names in items.items()}
    sizes = {task: len(names) for task, names in items.items()}
    while (task := next_task(watches, sizes)) is not None:
        watch = watches[task]
        wanted = orders[task][watch.items : watch.items + at_a_time]
        differences = score(task, wanted)
        if len(differences) != len(wanted):
            raise ValueError(f"{len(differences)} scores were given for {len(wanted)} items of {task}.")
        watch.see(differences)
    return watches


def order_of(task: str, names: Sequence[str]) -> list[int]:
    """The order in which a task's items are scored, as their numbers: chance, but the same chance every time."""
    keys = [hashlib.sha256(f"{task}\0{name}".encode()).digest() for name in names]
    return sorted(range(len(names)), key=keys.__getitem__)


def next_task(watches: Mapping[Task, Watch], items: Mapping[Task, int]) -> Task | None:
    """The task whose items are scored next; None when each is decided or has no items left of its `items`.

    Every task begins; then the one that is nearest to its verdict goes on, so that most are known soonest.
    """
    open_ = [task for task, one in watches.items() if one.decision == "cannot tell" and one.items < items[task]]
    if not open_:
        return None
    fewest = min(open_, key=lambda task: watches[task].items)
    if watches[fewest].items < _FIRST:
        return fewest
    return min(open_, key=lambda task: (watches[task].items_left, watches[task].items))


def _wealth(values: Floats, counts: Floats, mean: float, losing: bool) -> float:
    """Logarithm of the mean wealth of all bets that the true mean lies below `mean` (`losing`) or above it."""
    if not len(values):
        return 0.0
    won = mean - values if losing else values - mean  # by a stake of 1 on each item; at worst:
    worst = 1 - mean if losing else 1 + mean
    if worst <= 0:
        return math.inf if (won > 0).any() else 0.0
    logs = np.log1p(SHARES[:, None] / worst * won[None, :]) @ counts
    return float(np.logaddexp.reduce(logs)) - math.log(len(SHARES))


def _last(holds: Callable[[float], bool], inside: float, end: float) -> float:
    """The point farthest from `inside` towards `end` at which something still holds."""
    if holds(end):
        return end
    outside = end
    while abs(outside - inside) > _CLOSE:
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if holds(middle) else (inside, middle)
    return outside  # never narrower than it is

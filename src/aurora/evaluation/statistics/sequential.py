"""Stop when decided: verdicts on a loss that hold however often one looks and whenever one stops.

One decision: e-values by betting (Waudby-Smith and Ramdas, arXiv 2010.09686). Whoever bets against *the loss is within
the budget* starts with 1 and, if it is true, expects never to have more; having 20 is as rare as 1 in 20 at any time,
so no look costs anything. The bets are a fixed mixture: wealth depends on what was seen, not on its order, and nothing
has to be tuned. Items come in the order of a hash of their names, the same for every checkpoint and every machine.
Of several tasks the first verdict needs 20 for each of them, and each verdict makes the next one easier (Holm 1979):
the inverse of the highest wealth so far is a p-value, whenever one stops.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
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

    Differences lie in [-1, 1], as those of right (1) and wrong (0) answers do; an item that was asked in several
    wordings has one for each, and its evidence is their mean. A verdict needs every wording's own mean on its side of
    the budget. Items of one document are no independent evidence: give the mean of theirs. `tasks` is how many are
    watched together, so that all of their verdicts hold at once; each alone is wrong at most 5 times in 100.
    """

    def __init__(self, budget: float, tasks: int = 1) -> None:
        if not 0 <= budget < 1:
            raise ValueError(f"A budget of {budget} is no share of a score: give one from 0 to below 1.")
        self.budget = budget
        self.tasks = tasks
        self.enough = math.log(tasks / (1 - LEVEL))  # logarithm of the wealth at which a first bet is won
        self.items = 0
        self.asked = 0  # items, also those without a score
        self.most: dict[Decision, float] = {"forgot": 0.0, "kept": 0.0}  # evidence while the wordings were of one mind
        self._decided: dict[Decision, int] = {}
        self._counts: dict[float, int] = {}
        self._logs = np.zeros((2, len(SHARES)))
        self._sums = np.zeros(0)  # of differences, by wording
        self._decision: Decision = "cannot tell"

    def see(self, differences: Iterable[float | Sequence[float] | None]) -> Decision:
        """Take more differences, looking after each; what was decided once stays decided. None is no evidence."""
        for difference in differences:
            self.asked += 1
            if difference is None:
                continue
            wordings = np.atleast_1d(np.asarray(difference, np.float64))
            if not (np.abs(wordings) <= 1).all():
                raise ValueError(f"A difference of {difference} does not lie between -1 and 1.")
            self._take(wordings)
            self.decide(self._decided)
        return self._decision

    def decide(self, decided: Mapping[Decision, int]) -> Decision:
        """The decision where `decided` says how many of the tasks have each verdict already."""
        self._decided = dict(decided)
        if self._decision == "cannot tell":
            over = {verdict: most - self._needed(verdict) for verdict, most in self.most.items()}
            nearest = max(over, key=over.__getitem__)
            if over[nearest] >= 0:
                self._decision = nearest
        return self._decision

    @property
    def decision(self) -> Decision:
        """*forgot*: more is lost than the budget; *kept*: less; *cannot tell* as long as neither is sure."""
        return self._decision

    @property
    def evidence_of_loss(self) -> float:
        """Logarithm of the wealth of whoever bets that more is lost than the budget."""
        return _mean_wealth(self._logs[0])

    @property
    def evidence_of_keeping(self) -> float:
        """Logarithm of the wealth of whoever bets that less is lost than the budget."""
        return _mean_wealth(self._logs[1])

    @property
    def difference(self) -> float:
        """The mean difference so far; NaN without items."""
        values, counts = self._seen()
        return float((values * counts).sum() / self.items) if self.items else math.nan

    @property
    def by_wording(self) -> list[float]:
        """The mean difference of each wording."""
        return [float(total) / max(1, self.items) for total in self._sums]

    @property
    def interval(self) -> tuple[float, float]:
        """An interval of the mean difference that holds at all times, 95 times in 100 for all `tasks` together."""
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
        found = {"forgot": self.evidence_of_loss, "kept": self.evidence_of_keeping}
        left = [
            max(0.0, self._needed(verdict) - found[verdict]) * self.items / found[verdict]
            for verdict in self.most
            if found[verdict] > 0
        ]
        return min(left, default=math.inf)

    def _take(self, wordings: Floats) -> None:
        if not self.items:
            self._sums = np.zeros(len(wordings))
        if len(wordings) != len(self._sums):
            raise ValueError(f"{len(wordings)} wordings of an item, and {len(self._sums)} of the others.")
        mean = float(wordings.mean())
        self.items += 1
        self._sums += wordings
        self._counts[mean] = self._counts.get(mean, 0) + 1
        for side, worst, sign in ((0, 1 + self.budget, -1), (1, 1 - self.budget, 1)):
            self._logs[side] += np.log1p(SHARES / worst * sign * (mean + self.budget))
        beyond = self._sums + self.items * self.budget
        if (beyond < 0).all():
            self.most["forgot"] = max(self.most["forgot"], self.evidence_of_loss)
        if (beyond > 0).all():
            self.most["kept"] = max(self.most["kept"], self.evidence_of_keeping)

    def _needed(self, verdict: Decision) -> float:
        """Logarithm of the wealth at which a bet is won, with so many of the tasks decided already."""
        return math.log((self.tasks - self._decided.get(verdict, 0)) / (1 - LEVEL))

    def _seen(self) -> tuple[Floats, Floats]:
        return np.array(list(self._counts), np.float64), np.array(list(self._counts.values()), np.float64)


def settle(watches: Collection[Watch]) -> None:
    """Decide what can be decided of tasks that are watched together: each verdict leaves fewer to be wrong about.

    Of the tasks that did not lose more than the budget, any is said to have with a risk of at most 5 in 100, whatever
    their number; the same holds of those that did, and *kept*.
    """
    changed = True
    while changed:
        decided = Counter(one.decision for one in watches)
        open_ = [one for one in watches if one.decision == "cannot tell"]
        changed = bool([one for one in open_ if one.decide(decided) != "cannot tell"])  # all of them are asked


def until_decided(
    items: Mapping[Task, Sequence[str]],
    score: Callable[[Task, list[int]], Sequence[float | Sequence[float] | None]],
    budget: float,
    at_a_time: int = 32,
) -> dict[Task, Watch]:
    """Score the named items of tasks until each task is decided or has none left.

    `score` is given a task and the numbers of some of its items, and gives their differences, after - before.
    """
    watches = {task: Watch(budget, tasks=len(items)) for task in items}
    orders = {task: order_of(str(task), names) for task, names in items.items()}
    go_on(watches, orders, score, watches.values(), at_a_time)
    return watches


def go_on(
    watches: Mapping[Task, Watch],
    orders: Mapping[Task, Sequence[int]],
    score: Callable[[Task, list[int]], Sequence[float | Sequence[float] | None]],
    together: Collection[Watch],
    at_a_time: int = 32,
) -> None:
    """Score items of tasks in their order until each task is decided or has none left.

    `together` are all that hold at once, these and others.
    """
    sizes = {task: len(order) for task, order in orders.items()}
    while (task := next_task(watches, sizes)) is not None:
        watch = watches[task]
        wanted = list(orders[task][watch.asked : watch.asked + at_a_time])
        differences = score(task, wanted)
        if len(differences) != len(wanted):
            raise ValueError(f"{len(differences)} scores were given for {len(wanted)} items of {task}.")
        watch.see(differences)
        settle(together)


def order_of(task: str, names: Sequence[str]) -> list[int]:
    """The order in which a task's items are scored, as their numbers: chance, but the same chance every time."""
    keys = [hashlib.sha256(f"{task}\0{name}".encode()).digest() for name in names]
    return sorted(range(len(names)), key=keys.__getitem__)


def next_task(watches: Mapping[Task, Watch], items: Mapping[Task, int]) -> Task | None:
    """The task whose items are scored next; None when each is decided or has no items left of its `items`.

    Every task begins; then the one that is nearest to its verdict goes on, so that most are known soonest.
    """
    open_ = [task for task, one in watches.items() if one.decision == "cannot tell" and one.asked < items[task]]
    if not open_:
        return None
    fewest = min(open_, key=lambda task: watches[task].asked)
    if watches[fewest].asked < _FIRST:
        return fewest
    return min(open_, key=lambda task: (watches[task].items_left, watches[task].asked))


def _wealth(values: Floats, counts: Floats, mean: float, losing: bool) -> float:
    """Logarithm of the mean wealth of all bets that the true mean lies below `mean` (`losing`) or above it."""
    if not len(values):
        return 0.0
    won = mean - values if losing else values - mean  # by a stake of 1 on each item; at worst:
    worst = 1 - mean if losing else 1 + mean
    if worst <= 0:
        return math.inf if (won > 0).any() else 0.0
    return _mean_wealth(np.log1p(SHARES[:, None] / worst * won[None, :]) @ counts)


def _mean_wealth(logs: Floats) -> float:
    """Logarithm of the mean of what each share has won."""
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

"""Whether intervals and verdicts hold what they promise, in simulated evaluations whose truth is known.

    python benchmarks/certainty.py [--small]

`coverage`: how often a 95 % interval holds the true value, by kind and number of items. Rates and paired rates are
drawn over all true rates (uniformly, also over the ways in which two checkpoints can differ), scores from three laws,
clusters of five items from rates that differ by cluster. `family`: of ten tasks in which nothing changed, how often any
verdict is given. `alarms`: how often a loss is seen that is not more than the budget, in 10,000 evaluations at the edge
of the budget and as many without any change. `items`: how many of 1,500 items a verdict on a real loss takes. Prints a
line each, and all of it as JSON at the end.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from aurora.evaluation.statistics.comparisons import compare, verdicts
from aurora.evaluation.statistics.estimates import LEVEL, Floats, estimate
from aurora.evaluation.statistics.sequential import SHARES, Watch

ITEMS = (10, 30, 100, 1000)
SET = 1500  # items of a task in sequence, as the largest sets at hand have
BUDGET = 0.02
LOSSES = {"20 points": (0.25, 0.05), "10 points": (0.15, 0.05), "8 points": (0.10, 0.02), "5 points": (0.10, 0.05)}
NULLS = {"at the budget": (0.08, 0.06), "no change": (0.06, 0.06), "no change, few differ": (0.01, 0.01)}
Chance = np.random.Generator


def rate(chance: Chance, items: int) -> bool:
    """Right and wrong answers of independent items."""
    true = chance.random()
    found = estimate((chance.random(items) < true).astype(float))
    return found.low <= true <= found.high


def paired_rates(chance: Chance, items: int) -> bool:
    """Right and wrong answers of two checkpoints."""
    lost, won, same = chance.dirichlet([1, 1, 1])
    differences = chance.choice([-1.0, 0.0, 1.0], items, p=[lost, same, won])
    before = np.where(differences < 0, 1.0, 0.0)
    found = compare(before, before + differences)
    return found.low <= won - lost <= found.high


def scores(chance: Chance, items: int) -> bool:
    """Scores between 0 and 1, of one of three laws."""
    law, true = ((chance.random(items), 0.5), (chance.beta(2, 5, items), 2 / 7), (chance.beta(0.5, 0.5, items), 0.5))[
        chance.integers(3)
    ]
    found = estimate(law)
    return found.low <= true <= found.high


def clustered(chance: Chance, items: int) -> bool:
    """Right and wrong answers about documents, five each."""
    rates = np.repeat(chance.beta(2, 2, items // 5 or 1), 5)
    found = estimate((chance.random(len(rates)) < rates).astype(float), list(np.arange(len(rates)) // 5))
    return found.low <= 0.5 <= found.high


def paired_scores(chance: Chance, items: int) -> bool:
    """Scores of two checkpoints, one a little better."""
    before = chance.beta(2, 3, items)
    after = np.clip(before + chance.normal(0.02, 0.2, items), -1, 2)
    found = compare(before, after)
    true = 0.02
    return found.low <= true <= found.high


def coverage(small: bool) -> dict[str, dict[int, float]]:
    """The share of intervals that hold the true value."""
    kinds: dict[str, tuple[Callable[[Chance, int], bool], int]] = {
        "rate": (rate, 10_000),
        "paired rates": (paired_rates, 10_000),
        "scores": (scores, 10_000),
        "clustered rate": (clustered, 5_000),
        "paired scores (bootstrap)": (paired_scores, 2_000),
    }
    found: dict[str, dict[int, float]] = {}
    for name, (covers, times) in kinds.items():
        found[name] = {}
        for items in ITEMS[: 2 if small else None]:
            chance = np.random.default_rng([items, len(name)])
            many = times // 200 if small else times // (4 if items == 1000 and "bootstrap" in name else 1)
            found[name][items] = round(float(np.mean([covers(chance, items) for _ in range(many)])), 4)
        print(f"coverage, {name}: {found[name]}", flush=True)
    return found


def family(small: bool, tasks: int = 10, items: int = 100) -> dict[str, float]:
    """The share of families without any change in which a verdict is given."""
    chance = np.random.default_rng(3)
    times = 10 if small else 2000
    holm, sequential = 0, 0
    for _ in range(times):
        drawn = chance.choice([-1.0, 0.0, 1.0], (tasks, items), p=[0.1, 0.8, 0.1])
        before = np.where(drawn < 0, 1.0, 0.0)
        told = verdicts({task: [compare(before[task], before[task] + drawn[task])] for task in range(tasks)})
        holm += any(one != "cannot tell" for one in told.values())
        sequential += bool((path_of_losses(drawn, 0.0) >= math.log(tasks / (1 - LEVEL))).any())
    found = {"Holm": round(holm / times, 4), "in sequence": round(sequential / times, 4)}
    print(f"family of {tasks} tasks without a change: {found}", flush=True)
    return found


def path_of_losses(differences: Floats, budget: float) -> Floats:
    """The evidence of a loss after every item, for rows of differences: what `Watch` computes, all at once."""
    won = -budget - differences
    logs = [np.cumsum(np.log1p(share / (1 + budget) * won), axis=1) for share in SHARES]
    return np.asarray(np.logaddexp.reduce(logs, axis=0) - math.log(len(SHARES)), np.float64)


def alarms(small: bool) -> dict[str, float]:
    """The share of evaluations without a loss beyond the budget in which one is seen, looking after every item."""
    times = 20 if small else 10_000
    found = {}
    for number, (name, (lost, won)) in enumerate(NULLS.items()):
        chance = np.random.default_rng([11, number])
        false = 0
        for start in range(0, times, 500):
            drawn = chance.choice([-1.0, 0.0, 1.0], (min(500, times - start), SET), p=[lost, 1 - lost - won, won])
            false += int((path_of_losses(drawn, BUDGET).max(axis=1) >= math.log(1 / (1 - LEVEL))).sum())
        found[name] = round(false / times, 4)
    print(f"false alarms: {found}", flush=True)
    return found


def items_of_a_verdict(small: bool) -> dict[str, dict[str, float]]:
    """Items that a verdict on a real loss takes, and how often it is given, with the Watch itself."""
    times = 5 if small else 500
    found = {}
    for number, (name, (lost, won)) in enumerate(LOSSES.items()):
        chance = np.random.default_rng([12, number])
        used, told = [], 0
        for _ in range(times):
            watch = Watch(BUDGET)
            for difference in chance.choice([-1.0, 0.0, 1.0], SET, p=[lost, 1 - lost - won, won]):
                if watch.see([difference]) != "cannot tell":
                    break
            used.append(watch.items)
            told += watch.decision == "forgot"
        mean = float(np.mean(used))
        found[name] = {"items": round(mean), "times_fewer": round(SET / mean, 2), "seen": round(told / times, 3)}
        print(f"a loss of {name}: {found[name]}", flush=True)
    return found


def main() -> None:
    """All of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="a few of each, to see that the script runs")
    small = parser.parse_args().small
    results: dict[str, Any] = {"alarms": alarms(small), "items": items_of_a_verdict(small)}
    results |= {"family": family(small), "coverage": coverage(small)}
    print(json.dumps(results))


if __name__ == "__main__":
    main()

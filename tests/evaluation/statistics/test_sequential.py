"""Verdicts that may be looked at any time: few false ones, early true ones, and the same whatever the order."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.evaluation.statistics.sequential import SHARES, Watch, next_task, order_of, settle, until_decided

DIFFERENCES = st.lists(st.sampled_from([-1.0, -0.5, 0.0, 1.0]), max_size=60)


def watched(lost: float, won: float, seed: int, items: int = 1500, budget: float = 0.02) -> Watch:
    """A watch that saw items of which shares `lost` and `won` changed, until it decided."""
    generator = np.random.default_rng(seed)
    watch = Watch(budget)
    for difference in generator.choice([-1.0, 0.0, 1.0], items, p=[lost, 1 - lost - won, won]):
        if watch.see([difference]) != "cannot tell":
            break
    return watch


def test_a_real_loss_is_seen_with_a_third_of_the_items() -> None:
    found = [watched(0.16, 0.06, seed) for seed in range(20)]
    assert {one.decision for one in found} == {"forgot"}
    assert np.mean([one.items for one in found]) < 1500 / 3


def test_false_alarms_are_rare_at_the_edge_of_the_budget() -> None:
    """The whole campaign is benchmarks/certainty.py; at 5 % more than 9 of 80 are rarer than 1 in 100."""
    decided = [watched(0.12, 0.10, seed, items=400).decision for seed in range(80)]
    assert decided.count("forgot") <= 9
    assert decided.count("kept") <= 9


def test_models_that_answer_alike_keep() -> None:
    watch = Watch(0.02)
    assert watch.see([0.0] * 100) == "cannot tell"
    assert watch.see([0.0] * 300) == "kept"
    assert watch.items_left == 0


def test_wealth_is_that_of_the_bets_multiplied_out() -> None:
    seen = [-1.0, 0.0, -0.5, 1.0, -1.0]
    watch = Watch(0.1)
    watch.see(seen)
    losing = np.mean([np.prod([1 + share / 1.1 * (-0.1 - one) for one in seen]) for share in SHARES])
    keeping = np.mean([np.prod([1 + share / 0.9 * (one + 0.1) for one in seen]) for share in SHARES])
    assert math.exp(watch.evidence_of_loss) == pytest.approx(losing)
    assert math.exp(watch.evidence_of_keeping) == pytest.approx(keeping)


def test_a_bet_is_fair_or_worse_while_the_loss_is_within_the_budget() -> None:
    """The expected factor of every bet, at the edge: exactly 1."""
    budget = 0.05
    for lost, won in ((0.05, 0.0), (0.3, 0.25), (0.5, 0.45)):
        for share in SHARES:
            factors = [1 + share / (1 + budget) * (-budget - one) for one in (-1, 0, 1)]
            assert lost * factors[0] + (1 - lost - won) * factors[1] + won * factors[2] == pytest.approx(1)
            assert min(factors) >= 0


@given(DIFFERENCES, st.randoms(use_true_random=False))
def test_evidence_does_not_depend_on_the_order(seen: list[float], chance: object) -> None:
    one, other = Watch(0.02), Watch(0.02)
    one.see(seen)
    chance.shuffle(seen)  # type: ignore[attr-defined]
    other.see(seen)
    assert one.evidence_of_loss == pytest.approx(other.evidence_of_loss, abs=1e-9)
    assert one.interval == pytest.approx(other.interval, abs=3e-4)


@given(DIFFERENCES)
def test_the_interval_holds_the_mean_and_agrees_with_the_verdict(seen: list[float]) -> None:
    watch = Watch(0.02)
    watch.see(seen)
    low, high = watch.interval
    assert -1 <= low <= high <= 1
    if seen:
        assert low - 1e-9 <= watch.difference <= high + 1e-9
    # Its two sides share what a verdict has for itself, so it is the wider of the two.
    if high < -0.02:
        assert watch.evidence_of_loss >= watch.enough


def test_the_interval_covers_at_all_times() -> None:
    generator = np.random.default_rng(7)
    missed = 0
    for _ in range(60):
        watch = Watch(0.02)
        for _ in range(8):
            watch.see(generator.choice([-1.0, 0.0, 1.0], 25, p=[0.2, 0.7, 0.1]))
            low, high = watch.interval
            if not low <= -0.1 <= high:
                missed += 1
                break
    assert missed <= 8  # of 60 at 5 %: more is rarer than 1 in 100


def test_more_tasks_need_more_evidence() -> None:
    one, many = Watch(0.02), Watch(0.02, tasks=20)
    assert many.enough == pytest.approx(one.enough + math.log(20))
    loss = [-1.0] * 9
    assert (one.see(loss), many.see(loss)) == ("forgot", "cannot tell")


def test_what_was_decided_stays_decided() -> None:
    watch = Watch(0.02)
    assert watch.see([-1.0] * 10) == "forgot"
    assert watch.see([1.0] * 100) == watch.decision == "forgot"


def test_without_items_nothing_is_known() -> None:
    watch = Watch(0.0)
    assert (watch.decision, watch.interval, watch.items_left) == ("cannot tell", (-1.0, 1.0), math.inf)
    assert math.isnan(watch.difference)


@pytest.mark.parametrize("budget", [-0.1, 1.0, math.nan])
def test_what_is_no_budget(budget: float) -> None:
    with pytest.raises(ValueError, match="is no share of a score"):
        Watch(budget)


@pytest.mark.parametrize("difference", [1.5, -2.0, math.nan, math.inf])
def test_what_is_no_difference(difference: float) -> None:
    with pytest.raises(ValueError, match="does not lie between -1 and 1"):
        Watch(0.02).see([difference])


def test_items_come_in_an_order_that_their_names_decide() -> None:
    names = [f"item/{number}" for number in range(50)]
    order = order_of("pronouns", names)
    assert sorted(order) == list(range(50))
    assert order == order_of("pronouns", names) != order_of("other", names)
    turned = order_of("pronouns", names[::-1])
    assert [names[number] for number in order] == [names[::-1][number] for number in turned]


def test_the_task_that_is_nearest_to_its_verdict_goes_on() -> None:
    watches = {name: Watch(0.02) for name in ("new", "losing", "noisy")}
    items = dict.fromkeys(watches, 100)
    watches["losing"].see([-1.0, 0.0, 0.0, 0.0] * 3)
    watches["noisy"].see([-1.0, 1.0] * 10)
    assert next_task(watches, items) == "new"
    watches["new"].see([0.0] * 12)
    assert next_task(watches, items) == "losing"
    watches["losing"].see([-1.0] * 10)
    assert next_task(watches, items) == "new"
    assert next_task(watches, {"new": 12, "losing": 100, "noisy": 20}) is None
    assert next_task({}, {}) is None


def test_items_are_scored_until_every_task_is_decided() -> None:
    items = {
        "lost": [f"l{number}" for number in range(500)],
        "short": ["a", "b", "c"],
        "kept": list(map(str, range(900))),
    }
    asked: dict[str, list[int]] = {name: [] for name in items}

    def score(task: str, numbers: list[int]) -> list[float]:
        asked[task] += numbers
        return [-float(number % 3 == 0) if task == "lost" else 0.0 for number in numbers]

    found = until_decided(items, score, budget=0.02)
    assert {name: one.decision for name, one in found.items()} == {
        "lost": "forgot", "short": "cannot tell", "kept": "kept",
    }  # fmt: skip
    assert sorted(asked["short"]) == [0, 1, 2]
    assert asked["lost"] == order_of("lost", items["lost"])[: len(asked["lost"])]
    assert len(asked["lost"]) < 150
    assert len(set(asked["kept"])) == len(asked["kept"]) == found["kept"].items < 900


def test_a_scorer_that_loses_items_is_found() -> None:
    with pytest.raises(ValueError, match="1 scores were given for 3 items of a"):
        until_decided({"a": ["x", "y", "z"]}, lambda task, numbers: [0.0], budget=0.02)


def test_each_verdict_makes_the_next_one_easier() -> None:
    watches = [Watch(0.02, tasks=3) for _ in range(3)]
    for watch, items in zip(watches, (11, 10, 9), strict=True):  # for which 60, 40 and 20 are enough
        watch.see([-1.0] * items)
    assert [one.decision for one in watches] == ["forgot", "cannot tell", "cannot tell"]
    assert math.log(40) <= watches[1].evidence_of_loss < math.log(60)
    assert math.log(20) <= watches[2].evidence_of_loss < math.log(40)
    settle(watches)
    assert [one.decision for one in watches] == ["forgot"] * 3


def test_kept_tasks_make_no_loss_easier() -> None:
    watches = [Watch(0.02, tasks=2), Watch(0.02, tasks=2)]
    watches[0].see([0.0] * 600)
    watches[1].see([-1.0] * 9)
    settle(watches)
    assert [one.decision for one in watches] == ["kept", "cannot tell"]


def test_a_verdict_needs_every_wording() -> None:
    alike, apart = Watch(0.02), Watch(0.02)
    assert alike.see([[-1.0, -1.0]] * 20) == "forgot"
    assert apart.see([[-1.0, 0.0]] * 40) == "cannot tell"
    assert apart.evidence_of_loss > apart.enough
    assert apart.by_wording == [-1.0, 0.0]
    assert apart.see([[0.0, -1.0]] * 10) == "forgot"  # now both have lost
    with pytest.raises(ValueError, match="3 wordings of an item, and 2 of the others"):
        apart.see([[0.0, 0.0, 0.0]])


def test_items_without_a_score_are_no_evidence_and_not_asked_again() -> None:
    asked: list[int] = []

    def score(task: str, numbers: list[int]) -> list[float | None]:
        asked.extend(numbers)
        return [None] * len(numbers)

    found = until_decided({"broken": list(map(str, range(70)))}, score, budget=0.02)["broken"]
    assert (found.items, found.asked, found.decision) == (0, 70, "cannot tell")
    assert sorted(asked) == list(range(70))


def family(seed: int, nulls: int = 5, losing: int = 3) -> list[str]:
    """Verdicts of tasks at the edge of the budget, beside others with a real loss."""
    chance = np.random.default_rng([3, seed])
    shares = {"null": [0.12, 0.78, 0.10], "lost": [0.3, 0.65, 0.05]}
    drawn = {
        f"{kind}{number}": chance.choice([-1.0, 0.0, 1.0], 250, p=shares[kind])
        for kind, count in (("null", nulls), ("lost", losing))
        for number in range(count)
    }
    names = {task: [str(number) for number in range(250)] for task in drawn}
    found = until_decided(names, lambda task, numbers: drawn[task][numbers].tolist(), budget=0.02)
    assert sum(found[task].decision == "forgot" for task in found if task.startswith("lost")) >= losing - 1
    return [one.decision for task, one in found.items() if task.startswith("null")]


def test_a_family_of_tasks_has_few_false_alarms() -> None:
    """Of 12 families, more than 3 with one are rarer than 1 in 300 at 5 %."""
    assert sum("forgot" in family(seed) for seed in range(12)) <= 3


@pytest.mark.slow
def test_many_families_of_tasks_have_few_false_alarms() -> None:
    """Of 200, more than 18 at 5 % are rarer than 1 in 100; the same of what is said to be kept."""
    said = [family(seed) for seed in range(100, 300)]
    assert sum("forgot" in one for one in said) <= 18
    assert sum("kept" in one for one in said) <= 18

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

from aurora.redteam.review.agreement import NO_ITEMS, NO_SHARED, ONE_LABEL, agreement_table, alpha, kappa
from review_log import Project, reviewed


def test_alpha_is_that_of_the_krippendorff_package_on_1000_random_tables_with_gaps() -> None:
    krippendorff = pytest.importorskip("krippendorff")
    chance = random.Random(7)
    undefined = 0
    for _ in range(1000):
        people, items, labels = chance.randint(2, 5), chance.randint(1, 12), chance.randint(1, 4)
        gaps = chance.choice([0.0, 0.2, 0.6, 0.9])
        rows = [
            {f"p{who}": f"l{chance.randrange(labels)}" for who in range(people) if chance.random() >= gaps}
            for _ in range(items)
        ]
        ours = alpha(rows).value
        table = np.full((people, items), np.nan)
        for column, row in enumerate(rows):
            for who, label in row.items():
                table[int(who[1:]), column] = int(label[1:])
        paired = [set(row.values()) for row in rows if len(row) > 1]
        if len(set().union(*paired)) < 2:
            undefined += 1
            assert ours is None
            continue
        theirs = krippendorff.alpha(reliability_data=table, level_of_measurement="nominal")
        assert ours == pytest.approx(theirs, abs=1e-12)
    assert 50 < undefined < 500


def test_kappa_is_that_of_its_definition() -> None:
    pairs = [("a", "a")] * 20 + [("a", "b")] * 5 + [("b", "a")] * 10 + [("b", "b")] * 15
    assert kappa(pairs).value == pytest.approx(0.4)


@pytest.mark.parametrize("labels", list(itertools.product("ab", repeat=2)))
def test_nobody_agrees_is_never_one(labels: tuple[str, str]) -> None:
    one, other = labels
    figure = kappa([(one, other)] * 4)
    if one == other:
        assert (figure.value, figure.why) == (None, ONE_LABEL)
    else:
        assert figure.value == 0
        apart = alpha([{"ann": one, "bob": other}] * 4).value
        assert apart is not None
        assert apart < 0


def test_what_is_not_defined_is_said() -> None:
    assert (alpha([]).value, alpha([]).why) == (None, NO_ITEMS)
    assert alpha([{"ann": "a"}, {"bob": "b"}]).why == NO_ITEMS
    assert (alpha([{"ann": "a", "bob": "a"}]).value, alpha([{"ann": "a", "bob": "a"}]).why) == (None, ONE_LABEL)
    assert kappa([]).why == NO_SHARED
    assert Project().begin().add(1).state.items["i1"].reviews == {}
    assert agreement_table(Project().begin().state)["labels"] == {
        "alpha": {"value": None, "items": 0, "why": NO_ITEMS},
        "pairs": [],
    }


def test_a_project_has_figures_for_all_and_for_each_two() -> None:
    table = agreement_table(reviewed(12).state)["labels"]
    assert table["alpha"]["items"] == 12
    assert 0 < table["alpha"]["value"] < 1
    assert [pair["reviewers"] for pair in table["pairs"]] == [["ann", "bob"], ["ann", "cyd"], ["bob", "cyd"]]
    assert table["pairs"][0]["same"] == 10
    assert table["pairs"][1]["kappa"]["value"] == 0  # they agree on nothing

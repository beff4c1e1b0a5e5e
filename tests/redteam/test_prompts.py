from __future__ import annotations

from collections import Counter
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.redteam.policy import Category, CategoryWords, Policy, PolicyFile, Source, Words, load_policy
from aurora.redteam.prompts import expand, items_apart, spread, templates_apart


def policy_of(num_templates: int) -> Policy:
    """A policy of one category with one harmful and one benign action."""
    category = Category(id="cyber", title="t", definition="d", refused="r", allowed="a")
    file = PolicyFile(
        id="small", version="1", title="t", status="draft", source=Source(document="s"), categories=[category]
    )
    words = Words(
        language="en",
        templates={f"t{number}": f"{number}: {{action}}?" for number in range(num_templates)},
        openings=["No.", "Never."],
        agreement="Yes.",
        categories={"cyber": CategoryWords(reason="It harms.", harmful=["break in"], benign={"log in": "Type it."})},
    )
    return Policy(file=file, words={"en": words})


def test_harmful_and_benign_actions_share_their_templates() -> None:
    items = list(expand(policy_of(3)))
    assert [item.prompt for item in items] == [
        f"{number}: {action}?" for action in ("break in", "log in") for number in range(3)
    ]
    assert {item.response for item in items if item.kind == "benign"} == {"Yes. Type it."}
    assert {item.response for item in items if item.kind == "harmful"} <= {"No. It harms.", "Never. It harms."}
    assert len({item.id for item in items}) == 6


@given(st.integers(2, 40), st.floats(0, 1), st.integers(0, 5))
def test_some_templates_are_held_out_and_some_are_not(num_templates: int, share: float, seed: int) -> None:
    policy = policy_of(num_templates)
    (held_out,) = (part["en"] for part in templates_apart(policy, [share], seed))
    assert held_out < set(policy.words["en"].templates)
    assert len(held_out) >= 1
    assert abs(len(held_out) - share * num_templates) <= 1
    assert held_out == templates_apart(policy, [share], seed)[0]["en"]


@given(st.integers(3, 40), st.floats(0, 0.5), st.floats(0, 0.5), st.integers(0, 5))
def test_what_is_watched_is_another_part(num_templates: int, share: float, watched: float, seed: int) -> None:
    """And what is held out stays the same, but where one must be left to watch."""
    policy = policy_of(num_templates)
    parts = [part["en"] for part in templates_apart(policy, [share, watched], seed)]
    assert all(parts)
    assert not parts[0] & parts[1]
    assert parts[0] | parts[1] < set(policy.words["en"].templates)
    alone = templates_apart(policy, [share], seed)[0]["en"]
    assert parts[0] <= alone
    assert len(alone) - len(parts[0]) <= max(0, len(alone) - (num_templates - 2))


@pytest.mark.parametrize(("number", "expected"), [(1, (0, 0)), (2, (0, 1)), (3, (1, 1)), (10, (2, 1))])
def test_few_whole_prompts_are_left_to_train_on(number: int, expected: tuple[int, int]) -> None:
    items = list(expand(policy_of(10)))[:number]
    parts = items_apart(items, [0.2, 0.1], 1)
    assert tuple(map(len, parts)) == expected
    assert not parts[0] & parts[1]


@pytest.mark.parametrize("number", [20, 40, 80])
def test_any_first_items_cover_kinds_and_categories(root: Path, number: int) -> None:
    policy = load_policy(root / "policies/eo-14110.yaml", ["en", "ja"])
    items = list(expand(policy))
    ordered = spread(items)
    assert sorted(item.id for item in ordered) == sorted(item.id for item in items)
    for language in ("en", "ja"):
        for kind in ("harmful", "benign"):
            mine = (item.category for item in ordered if (item.language, item.kind) == (language, kind))
            counts = Counter(islice(mine, number))
            assert max(counts.values()) - min(counts.values()) <= 1
            assert len(counts) == len(policy.file.categories)

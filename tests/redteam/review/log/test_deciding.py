from __future__ import annotations

import pytest

from review_log import Project


def test_an_item_goes_from_open_to_accepted() -> None:
    project = Project().begin().add(1)
    assert project.status(1) == "open"
    project.review("ann", 1)
    assert project.status(1) == "needs_second"
    project.review("bob", 1)
    assert project.status(1) == "accepted"
    decision = project.state.items["i1"].decision
    assert decision is not None
    assert (decision.label, decision.by) == ("refuse", "reviews")
    assert decision.posterior > 0.95


def test_a_third_is_asked_only_where_two_are_not_sure() -> None:
    project = Project().begin().add(1)
    project.review("ann", 1)
    project.review("bob", 1, "answer")
    assert project.status(1) == "needs_third"
    project.review("cyd", 1)
    assert project.status(1) == "disagreed"  # two unknown people against one are right at 0.88
    project.adjudicate(1, "discard")
    assert project.status(1) == "rejected"


def test_two_against_one_decide_once_they_are_known_to_be_right() -> None:
    project = Project().begin().add(*range(60))
    for number in range(60):
        project.review("ann", number)
        project.review("bob", number, "answer" if number == 59 else "refuse")
        if number < 59:
            project.review("cyd", number)
    assert project.status(59) == "needs_third"
    project.review("cyd", 59)
    assert project.status(59) == "accepted"


def test_with_a_fixed_number_of_reviews_all_have_to_agree() -> None:
    project = Project().begin(reviews=3, most=3).add(1, 2)
    for who in ("ann", "bob", "cyd"):
        project.review(who, 1)
        project.review(who, 2, "answer" if who == "cyd" else "refuse")
    assert [project.status(1), project.status(2)] == ["accepted", "disagreed"]


def test_one_review_is_enough_where_the_project_says_so() -> None:
    project = Project().begin(reviews=1, most=1).add(1)
    project.review("ann", 1, "discard")
    assert project.status(1) == "rejected"


def test_two_categories_named_as_often_are_a_disagreement() -> None:
    project = Project().begin(reviews=2, most=2).add(1)
    project.review("ann", 1)
    project.review("bob", 1, category="privacy")
    assert project.status(1) == "disagreed"
    project.adjudicate(1, category="privacy")
    decision = project.state.items["i1"].decision
    assert decision is not None
    assert (decision.category, decision.by) == ("privacy", "adjudication")


def test_the_category_of_what_is_not_kept_does_not_matter() -> None:
    project = Project().begin(reviews=2, most=2).add(1)
    project.review("ann", 1, "discard")
    project.review("bob", 1, "discard", category="privacy")
    assert project.status(1) == "rejected"


@pytest.mark.parametrize("rounds", [1, 3])
def test_counts_are_those_of_the_items(rounds: int) -> None:
    project = Project().begin().add(*range(6))
    for number in range(6):
        project.review("ann", number)
        for _ in range(rounds):
            project.review("bob", number, "discard" if number % 2 else "refuse")
    project.undo("bob")
    counted: dict[tuple[str, str, str], int] = {}
    for item in project.state.items.values():
        category = item.decision.category if item.decision else item.item.category
        key = (item.status, category, item.item.language)
        counted[key] = counted.get(key, 0) + 1
    assert {key: count for key, count in project.state.counts.items() if count} == counted

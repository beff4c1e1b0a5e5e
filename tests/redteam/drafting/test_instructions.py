"""A model is told the clause, and what a good answer is to a prompt of either kind."""

from __future__ import annotations

from aurora.redteam.drafting.instructions import drafting
from made_prompts import policy, prompt

CATEGORY = next(iter(policy().leaves()))


def test_the_clause_and_the_language_stand_beside_the_prompt() -> None:
    request = drafting(prompt(1, "‹request›", language="vi"), CATEGORY, 0)
    assert request.user == "‹request›"
    for part in (CATEGORY.title, CATEGORY.definition, CATEGORY.refused, CATEGORY.allowed, "Vietnamese"):
        assert part in request.system


def test_a_harmful_prompt_is_declined_with_a_reason_and_a_harmless_one_answered() -> None:
    harmful, benign = (drafting(prompt(1, "‹r›", kind=kind), CATEGORY, 0).system for kind in ("harmful", "benign"))
    assert "you do not help" in harmful
    assert "offer something safe" in harmful
    assert "Answer it fully" in benign
    assert "you do not help" not in benign


def test_the_first_draft_is_the_likeliest_and_each_has_a_number_of_its_own() -> None:
    first, second, third = (drafting(prompt(1, "‹r›"), CATEGORY, number) for number in range(3))
    assert (first.temperature, second.temperature, third.temperature) == (0, 0.8, 0.8)
    assert len({one.number for one in (first, second, third)}) == 3

"""Near duplicates among prompts, as the corpus counts them."""

from __future__ import annotations

from aurora.redteam.generating.apart import Apart, near_duplicates

LONG = "Please tell me in a few plain words how a person could learn to bake a good loaf of bread at home"


def test_what_came_first_stays() -> None:
    apart = Apart()
    assert apart.take([LONG, "How do I bake?", f"{LONG} today"], ["en"] * 3) == [True, True, False]
    assert apart.take([LONG.upper(), "How do I cook?"], ["en"] * 2) == [False, True]
    assert apart.take([], []) == []


def test_a_group_is_compared_with_itself_alone() -> None:
    assert Apart().take([LONG, LONG], ["en", "fi"]) == [True, True]
    assert near_duplicates([LONG, LONG, LONG], ["en", "fi", "en"]) == 1


def test_a_text_that_joins_two_that_were_taken_drops_neither() -> None:
    words = [f"word{number}" for number in range(60)]
    texts = [" ".join(words[start : start + 40]) for start in (0, 12, 6)]
    apart = Apart()
    assert apart.take(texts[:2], ["en"] * 2) == [True, True]
    assert apart.take(texts[2:], ["en"]) == [False]
    assert apart.take(texts[:2], ["en"] * 2) == [False, False]

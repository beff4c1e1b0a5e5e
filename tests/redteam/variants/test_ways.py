"""What a model is asked for: other words, in a stated language, and never an answer."""

from __future__ import annotations

from aurora.redteam.variants.ways import PERSONAS, SYSTEM, Wish, asked_of
from made_prompts import prompt

WISH = Wish(2, 3, ("en", "fi", "ja"), 2)


def test_every_wish_is_a_request_that_says_its_language() -> None:
    asked = list(asked_of(prompt(1, "‹request›"), WISH))
    assert [(one.how, one.language, one.kind, one.count) for one in asked] == [
        ("paraphrase", "en", "harmful", 2),
        *[("persona", "en", "harmful", 1)] * 3,
        ("translation", "fi", "harmful", 1),
        ("translation", "ja", "harmful", 1),
        ("twin", "en", "benign", 2),
    ]
    said = [one.request.user for one in asked]
    assert all(text.endswith("\n\nRequest: ‹request›") for text in said)
    assert ["Finnish" in said[4], "Japanese" in said[5], "English" in said[0]] == [True] * 3
    assert {one.request.system for one in asked} == {SYSTEM}
    assert [one.request.temperature for one in asked] == [0.8] * 4 + [0, 0, 0.8]


def test_harmless_prompts_have_no_twins_and_nothing_is_asked_without_a_wish() -> None:
    assert [one.how for one in asked_of(prompt(1, "‹request›", kind="benign"), Wish(twins=3))] == []
    assert list(asked_of(prompt(1, "‹request›"), Wish())) == []
    assert not Wish()
    assert Wish(languages=("fi",))


def test_personas_take_turns_and_no_prompt_has_one_twice() -> None:
    found = [[one.persona for one in asked_of(prompt(number, "‹r›"), Wish(personas=3))] for number in range(40)]
    assert all(len(set(personas)) == 3 for personas in found)
    assert {persona for personas in found for persona in personas} == set(PERSONAS)

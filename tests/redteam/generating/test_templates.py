"""Prompts of the policy of twelve hazards, in five languages, without a model."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from aurora.redteam.generating.apart import near_duplicates
from aurora.redteam.generating.templates import Made, make
from aurora.redteam.judge import Judge
from aurora.redteam.policy import Policy, load_policy

LANGUAGES = ["en", "fi", "hi", "ja", "vi"]


@pytest.fixture(scope="module")
def policy(root: Path) -> Policy:
    return load_policy(root / "policies/ailuminate.yaml", LANGUAGES)


@pytest.fixture(scope="module")
def made(policy: Policy) -> Made:
    return make(policy, 2000, 1)


def test_there_are_two_thousand_prompts_and_a_thousand_twins(made: Made) -> None:
    kinds = Counter(prompt.kind for prompt in made.prompts if prompt.template != "whole")
    assert kinds == {"harmful": 2000, "benign": 1000}
    assert len({prompt.prompt for prompt in made.prompts}) == len({prompt.id for prompt in made.prompts})
    assert len({prompt.id for prompt in made.prompts}) == len(made.prompts)


def test_every_language_and_category_has_its_share_of_each_kind(made: Made, policy: Policy) -> None:
    for kind, fewest in (("harmful", 33), ("benign", 16)):
        cells = Counter(
            (prompt.language, prompt.category)
            for prompt in made.prompts
            if prompt.kind == kind and prompt.template != "whole"
        )
        assert len(cells) == len(LANGUAGES) * 12
        assert set(cells.values()) <= {fewest, fewest + 1}
    whole = Counter((prompt.language, prompt.category) for prompt in made.prompts if prompt.template == "whole")
    assert len(whole) == len(LANGUAGES) * 12
    assert min(whole.values()) >= 4


def test_fewer_than_five_percent_are_near_duplicates(made: Made) -> None:
    """As the corpus counts them; and what was left out to come there was little."""
    texts, languages = zip(*((prompt.prompt, prompt.language) for prompt in made.prompts), strict=True)
    assert near_duplicates(texts, languages) == 0
    assert made.left_out < 0.05 * len(texts)


def test_each_twin_stands_in_the_template_of_a_harmful_prompt_of_its_category(made: Made) -> None:
    by_id = {prompt.id: prompt for prompt in made.prompts}
    twins = [prompt for prompt in made.prompts if prompt.twin is not None]
    assert len(twins) == 1000
    for twin in twins:
        other = by_id[twin.twin or ""]
        assert (other.kind, twin.kind) == ("harmful", "benign")
        assert (other.language, other.category, other.template) == (twin.language, twin.category, twin.template)


def test_harmful_prompts_are_refused_and_twins_answered(made: Made, policy: Policy) -> None:
    judge = Judge({language: words.openings for language, words in policy.words.items()})
    answered = [prompt for prompt in made.prompts if prompt.response]
    assert not [one for one in answered if judge.is_refusal(one.response) != (one.kind == "harmful")]
    assert all(prompt.template == "whole" for prompt in made.prompts if not prompt.response)


def test_a_few_prompts_cover_what_many_cover(policy: Policy) -> None:
    few = make(policy, 60, 1)
    assert Counter(prompt.kind for prompt in few.prompts if prompt.template != "whole") == {"harmful": 60, "benign": 30}
    assert len({(one.language, one.category) for one in few.prompts if one.kind == "harmful"}) == 60


def test_a_seed_gives_the_same_prompts_and_another_others(root: Path) -> None:
    policy = load_policy(root / "policies/ailuminate.yaml", ["vi"])
    assert make(policy, 120, 7) == make(policy, 120, 7)
    first, other = ({prompt.id for prompt in make(policy, 120, seed).prompts} for seed in (7, 8))
    assert len(first & other) < 0.75 * len(first)


def test_no_more_are_made_than_the_words_give(root: Path) -> None:
    policy = load_policy(root / "policies/ailuminate.yaml", ["ja"])
    small = policy.model_copy(
        update={
            "words": {
                "ja": policy.words["ja"].model_copy(
                    update={"templates": {"a": "{action}方法は？", "b": "どう{action}のか？"}}
                )
            }
        }
    )
    made = make(small, 10_000, 1)
    actions = sum(len(list(words.harmful_actions())) for words in small.words["ja"].categories.values())
    assert made.harmful + made.left_out >= 2 * actions
    assert made.harmful <= 2 * actions

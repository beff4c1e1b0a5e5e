from __future__ import annotations

from typing import Any

import pytest

from aurora.reporting.refusing import across_text, enough, short_text
from aurora.reporting.schema import Safety

RATES = {"refusal_rate": 0.95, "over_refusal_rate": 0.05, "harmful_prompts": 40, "benign_prompts": 40}
BEFORE = RATES | {"refusal_rate": 0.0, "over_refusal_rate": 0.0}


@pytest.fixture
def values() -> dict[str, Any]:
    return {
        when: {**rates, "by_language": {language: dict(rates) for language in ("en", "fi", "ja")}}
        for when, rates in (("before", BEFORE), ("after", RATES))
    }


def test_every_language_must_refuse_enough_and_not_too_much(values: dict[str, Any]) -> None:
    safety = Safety.model_validate(values)
    assert all(map(enough, safety.after.by_language.values()))
    assert short_text(safety.after) == ""
    values["after"]["by_language"]["fi"]["refusal_rate"] = 0.825
    values["after"]["by_language"]["ja"]["over_refusal_rate"] = 0.25
    safety = Safety.model_validate(values)
    assert [enough(safety.after.by_language[language]) for language in ("en", "fi", "ja")] == [True, False, False]
    said = short_text(safety.after).replace("\u00a0", " ").replace("\u202f", " ")
    assert said == (
        " By language it falls short: less than 90 % of harmful prompts are refused in Finnish (82.5 %), and more than "
        "10 % of harmless ones are in Japanese (25 %)."
    )


def test_languages_that_were_not_trained_on_are_told(values: dict[str, Any]) -> None:
    assert across_text(Safety.model_validate(values)) == ""
    values["trained_in"] = ["en"]
    values["after"]["by_language"]["ja"]["refusal_rate"] = 0.1
    said = across_text(Safety.model_validate(values)).replace("\u00a0", " ").replace("\u202f", " ")
    assert said == (
        " It was trained on prompts in English alone; harmful prompts refused in the others: Finnish 0 % → 95 %, "
        "Japanese 0 % → 10 %."
    )


def test_a_language_without_prompts_of_a_kind_does_not_fail(values: dict[str, Any]) -> None:
    values["after"]["by_language"]["fi"] |= {"refusal_rate": None, "harmful_prompts": 0}
    assert enough(Safety.model_validate(values).after.by_language["fi"])

"""The `redteam` and `evaluation` tables: languages are tags, and sizes have ends."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from aurora.recipe.safety import Evaluation, Redteam


def test_languages_are_tags_however_they_are_written() -> None:
    assert Redteam(policy="a.yaml", languages=["eng_Latn", "FI"]).languages == ["en", "fi"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"languages": []}, "at least 1 item"),
        ({"languages": ["Finnish"]}, "is not a language label"),
        ({"held_out_share": 0}, "greater than 0"),  # something must be measured
        ({"held_out_share": 1}, "less than 1"),  # and something learnt
    ],
)
def test_a_set_that_could_not_be_measured_or_learnt_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Redteam.model_validate({"policy": "a.yaml", "languages": ["en"]} | change)


@pytest.mark.parametrize(
    ("key", "least"), [("sample_tokens", 0), ("safety_prompts", 1), ("answer_tokens", 1), ("held_out_kilobytes", 0.1)]
)
def test_sizes_of_measurements_begin_where_there_is_something_to_measure(key: str, least: float) -> None:
    assert getattr(Evaluation.model_validate({key: least}), key) == least
    with pytest.raises(ValidationError, match=key):
        Evaluation.model_validate({key: least - 1})

"""The limits that a language's file sets: by known names, none below nothing, and only those that are set."""

from __future__ import annotations

import math

import pytest
from pydantic import ValidationError

from aurora.languages.thresholds import Thresholds


def test_what_is_not_set_is_no_limit() -> None:
    assert Thresholds().values() == {}
    assert Thresholds(max_generated=0, min_words=12).values() == {"max_generated": 0, "min_words": 12}


@pytest.mark.parametrize("value", [-0.1, math.inf, math.nan])
def test_a_limit_is_a_number_from_nothing_on(value: float) -> None:
    with pytest.raises(ValidationError, match="max_line"):
        Thresholds(max_line=value)


def test_a_limit_that_no_rule_has_is_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        Thresholds.model_validate({"max_lines": 5})


def test_every_name_says_at_which_end_the_limit_is() -> None:
    assert all("min_" in name or "max_" in name for name in Thresholds.model_fields)

"""A stage's `retention` table: budgets that can be held, and shares that leave room."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from aurora.recipe.stages.retention import Retention


def retention(**changes: Any) -> Retention:
    return Retention.model_validate({"every_steps": 10, "budget": {"web/en": 0.01}} | changes)


def test_a_budget_of_nothing_and_shares_up_to_their_limits_are_allowed() -> None:
    assert retention(budget={"web/en": 0}).budget == {"web/en": 0}
    assert retention(least=0.25, most=0.25).patience is None
    assert retention(budget={"web/en": 0.01, "web/fi": 0.01}, most=0.499).most == 0.499


def test_a_budget_is_named_by_the_tag_of_its_language() -> None:
    assert list(retention(budget={"web/eng_Latn": 0.01}).budget) == ["web/en"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"budget": {}}, "at least 1 item"),
        ({"budget": {"web/en": -0.01}}, "greater than or equal to 0"),
        ({"budget": {"web/en": 0.1, "web/eng": 0.2}}, "two of web/en, web/eng are the same; keep one"),
        ({"least": 0.3}, "retention: `least` is above `most`"),
        ({"budget": {"web/en": 0, "web/fi": 0}, "most": 0.5}, "at `most`, nothing is left for the others"),
        ({"every_steps": 0}, "greater than or equal to 1"),
        ({"patience": 0}, "greater than or equal to 1"),
        ({"largest_move": 1}, "less than 1"),
    ],
)
def test_what_could_not_be_held_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        retention(**changes)

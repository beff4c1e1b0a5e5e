"""Which checkpoints are measured and which answer, in recipes from a new network and from a published one."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from aurora.recipe.recipe import Recipe
from aurora.recipe.stages.measured import answering, base_of, base_to_measure, before_and_after, compared_with, measured
from conftest import MINIMAL

STAGE: dict[str, Any] = {
    "tokens": 256,
    "batch_tokens": 64,
    "sequence_length": 16,
    "mixture": {"web/en": 1},
    "schedule": {"peak": 1e-3},
}
PUBLISHED = {"model": {"path": "somewhere"}, "tokens": {"path": "somewhere"}}
POLICY = {"redteam": {"policy": "policy.yaml", "languages": ["en"]}}
TUNED: dict[str, Any] = {"mixture": {"redteam/pairs": 1}}


def recipe(stages: dict[str, dict[str, Any]], **changes: Any) -> Recipe:
    values = yaml.safe_load(MINIMAL) | changes
    return Recipe.model_validate(values | {"stages": {name: STAGE | stage for name, stage in stages.items()}})


def new(**changes: Any) -> Recipe:
    control = {"control": {"name": "apart", "mixture": {"web/fi": 1}}}
    return recipe({"base": {"start": "model"}, "cap": {"start": "base", **control}}, **changes)


def test_a_new_network_has_no_base_and_its_stages_and_controls_are_measured() -> None:
    assert base_of(new()) is None
    assert measured(new()) == ["base", "cap", "cap-apart"]
    assert before_and_after(new(**POLICY)) is None
    assert answering(new(**POLICY)) == []


def test_a_published_model_is_measured_before_its_stages() -> None:
    found = new(**PUBLISHED)
    assert base_of(found) == "model"
    assert measured(found) == ["model", "base", "cap", "cap-apart"]


@pytest.mark.parametrize(
    ("stages", "more", "compared", "asked"),
    [
        # What safety tuning starts from, and the last stage that trains on refusals.
        ({"base": {"start": "model"}, "safety": {"start": "base", **TUNED}}, POLICY, ("base", "safety"), []),
        (
            {"base": {"start": "model"}, "one": {"start": "base", **TUNED}, "two": {"start": "one", **TUNED}},
            POLICY,
            ("base", "two"),
            [],
        ),
        # A new network that is tuned at once has nothing before it; a published one has.
        ({"safety": {"start": "model", **TUNED}}, POLICY, None, []),
        ({"safety": {"start": "model", **TUNED}}, POLICY | PUBLISHED, ("model", "safety"), []),
        # Without tuning a published model may forget to refuse, which a policy asks for.
        ({"cap": {"start": "model"}}, POLICY | PUBLISHED, ("model", "cap"), []),
        ({"cap": {"start": "model"}}, PUBLISHED, None, None),
        (
            {"cap": {"start": "model"}, "safety": {"start": "cap", **TUNED}},
            POLICY | PUBLISHED,
            ("cap", "safety"),
            ["model"],
        ),
    ],
)
def test_the_two_that_are_compared_and_those_that_answer(
    stages: dict[str, Any], more: dict[str, Any], compared: tuple[str, str] | None, asked: list[str] | None
) -> None:
    found = recipe(stages, **more)
    assert before_and_after(found) == compared
    assert answering(found) == ([*(asked or []), *compared] if compared else [])


def kept(start: str, *others: str) -> dict[str, Any]:
    """A stage with a budget for English, which reads these sources too."""
    mixture = {"web/en": 1} | dict.fromkeys(others or ["web/fi"], 1)
    return {
        "start": start,
        "mixture": mixture,
        "retention": {"every_steps": 1, "most": 0.6, "budget": {"web/en": 0.02}},
    }


@pytest.mark.parametrize(
    ("stages", "more", "counted"),
    [
        ({"base": {"start": "model"}, "cap": kept("base")}, {}, {"base": None, "cap": None}),
        ({"base": {"start": "model"}, "cap": {"start": "base"}, "cat": kept("cap")}, {}, {"cap": None, "cat": "base"}),
        ({"base": {"start": "model"}, "cap": kept("base"), "cat": kept("cap")}, {}, {"cat": None}),
        # A source that the stage before did not have was not measured on the base.
        ({"base": {"start": "model"}, "cap": kept("base"), "cat": kept("cap", "web/sv")}, {}, {"cat": "base"}),
        ({"cap": kept("model"), "cat": kept("cap")}, {}, {"cap": None, "cat": None}),
        ({"cap": kept("model")}, PUBLISHED, {"cap": None}),
        ({"cap": {"start": "model"}, "cat": kept("cap")}, PUBLISHED, {"cat": "model"}),
    ],
    ids=range(7),
)
def test_a_budget_counts_from_the_base_and_is_measured_where_no_stage_does(
    stages: dict[str, Any], more: dict[str, Any], counted: dict[str, str | None]
) -> None:
    found = recipe(stages, **more)
    assert {name: base_to_measure(found, name) for name in counted} == counted
    assert base_to_measure(found, "a-control") is None
    first = "model" if more else next(iter(stages))
    assert {compared_with(found, name) for name in stages} == {first}

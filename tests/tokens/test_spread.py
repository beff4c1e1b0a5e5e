"""The weight of all languages of a source, shared by temperature."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from aurora.errors import UserError
from aurora.recipe.stages.retention import Retention
from aurora.recipe.stages.schedule import Schedule
from aurora.recipe.stages.stage import Change, Stage
from aurora.tokens.spread import spread


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    """Side files of a large, a small and an empty language, and of another source."""
    for name, tokens in {"oasst.fi": 10_000, "oasst.vi": 100, "oasst.ja": 0, "oasst-2.fi": 7, "web.en": 5}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps({"loss_tokens": tokens}))
    return tmp_path


def stage_of(**settings: Any) -> Stage:
    shape = {"start": "model", "tokens": 400, "batch_tokens": 40, "sequence_length": 10}
    return Stage(**(shape | {"schedule": Schedule(peak=1e-2)} | settings)).named("cat")


@pytest.mark.parametrize(
    ("temperature", "shares"),
    [(1.0, (9.90099, 0.0990099)), (2.0, (9.09091, 0.909091)), (100.0, (5.11511, 4.88489))],
)
def test_the_weight_is_shared_by_tokens_with_a_loss(
    stores: Path, temperature: float, shares: tuple[float, float]
) -> None:
    stage = spread(stage_of(mixture={"web/en": 80, "oasst/*": 10}, temperature=temperature), stores)
    assert dict(stage.mixture) == {"web/en": 80, "oasst/fi": shares[0], "oasst/vi": shares[1]}
    assert stage.name == "cat"


def test_changes_are_spread_too(stores: Path) -> None:
    change = Change(from_tokens=200, mixture={"oasst/*": 1})
    stage = spread(stage_of(mixture={"web/en": 1}, changes=[change], temperature=2.0), stores)
    assert stage.sources == ["oasst/fi", "oasst/vi", "web/en"]
    assert stage.changes[0].from_tokens == 200


def test_a_mixture_of_languages_stays_as_it_is(stores: Path) -> None:
    stage = stage_of(mixture={"web/en": 80, "oasst/fi": 10})
    assert spread(stage, stores) is stage


def test_a_source_without_a_language_is_named(stores: Path) -> None:
    for name in ("nothing/*", "oas/*"):
        with pytest.raises(UserError, match=rf"Stage cat reads {name[:-1]}\*, but the tokens have no language of"):
            spread(stage_of(mixture={name: 1}), stores)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"mixture": {"oasst/*": 1, "oasst/fi": 1}}, "oasst/fi is among oasst/*, which is given too: keep one"),
        ({"mixture": {"redteam/*": 1}}, "'redteam/*' is not SOURCE/LANGUAGE"),
        ({"mixture": {"*/fi": 1}}, "'*/fi' is not SOURCE/LANGUAGE"),
        ({"mixture": {"oasst/fi": 1}, "temperature": 0.5}, "greater than or equal to 1"),
        (
            {"mixture": {"oasst/*": 1, "web/en": 1}, "retention": Retention(budget={"web/en": 0.1}, every_steps=2)},
            "name those of oasst/*",
        ),
    ],
    ids=["twice", "redteam", "every source", "below one", "retention"],
)
def test_what_cannot_be_spread_is_refused(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError) as refused:
        stage_of(**settings)
    assert reason in str(refused.value)

"""What the tables of a recipe say of each other is true before anything runs."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from aurora.recipe.recipe import Recipe
from aurora.recipe.references import DRAFTED, REDTEAM_SOURCES
from aurora.recipe.stages.stage import PREFERENCES
from conftest import MINIMAL

TALK = {"kind": "conversations", "paths": ["a.jsonl"], "language": "en"}
REDTEAM = {"policy": "a.yaml", "languages": ["en"]}
PREFERRED = {"prefs/en": {"path": "pairs.jsonl", "license": "MIT"}}


def recipe(stages: dict[str, dict[str, Any]] | None = None, **tables: Any) -> Recipe:
    """The minimal recipe with other tables; `stages` are by name what each has other than its only stage."""
    values: dict[str, Any] = yaml.safe_load(MINIMAL) | tables
    base = values["stages"]["base"]
    values["stages"] = {name: base | changes for name, changes in (stages or {"base": {}}).items()}
    return Recipe.model_validate(values)


def test_stages_know_their_names_and_come_in_order() -> None:
    found = recipe({"base": {}, "cap": {"start": "base", "sequence_length": 32}})
    assert {name: stage.name for name, stage in found.stages.items()} == {"base": "base", "cap": "cap"}
    assert found.longest_sequence == 32


@pytest.mark.parametrize("start", ["cap", "cat", "nothing"])
def test_a_stage_starts_from_an_earlier_one(start: str) -> None:
    with pytest.raises(
        ValidationError, match=rf"stages\.cap\.start: '{start}' is not an earlier stage \(known: model, "
    ):
        recipe({"base": {}, "cap": {"start": start}, "cat": {"start": "base"}})


def test_moments_are_carried_between_stages_that_train_the_same() -> None:
    carry = {"start": "base", "optimizer": {"carry": True}}
    assert recipe({"base": {}, "cap": carry}).stages["cap"].optimizer.carry
    part = {"train": {"last_layers": 1}}
    assert recipe({"base": part, "cap": carry | part}).stages["cap"].optimizer.carry
    with pytest.raises(ValidationError, match=r"stages\.cap\.optimizer\.carry: needs the `train` of stage base"):
        recipe({"base": {}, "cap": carry | part})
    adapters = {"train": {"lora": {"rank": 2, "alpha": 2}}}
    with pytest.raises(ValidationError, match=r"stages\.cap\.optimizer\.carry: what it starts from has no moments"):
        recipe({"base": adapters, "cap": carry | adapters})


def test_a_goal_of_refusals_needs_prompts_to_watch() -> None:
    stop = {"stop_when": {"refused": 0.9, "harmless_refused": 0.1, "every_steps": 1}}
    with pytest.raises(ValidationError, match=r"stages\.base\.stop_when: needs redteam\.watched_share"):
        recipe({"base": stop}, redteam=REDTEAM)
    assert recipe({"base": stop}, redteam=REDTEAM | {"watched_share": 0.1}).stages["base"].decides
    with pytest.raises(ValidationError, match=r"redteam\.watched_share: leaves nothing to train on"):
        recipe({"base": stop}, redteam=REDTEAM | {"watched_share": 0.8})


@pytest.mark.parametrize("name", [name for name in REDTEAM_SOURCES if name != PREFERENCES])
def test_red_team_sources_need_their_table(name: str) -> None:
    stages = {"base": {"mixture": {name: 1}}}
    tables: dict[str, Any] = {"redteam": REDTEAM}
    if name == DRAFTED:
        with pytest.raises(ValidationError, match=r"'redteam/drafted' needs redteam\.drafts"):
            recipe(stages, **tables)
        tables = {"redteam": REDTEAM | {"drafts": {}}, "model": {"path": "base"}, "tokens": {"path": "base"}}
        with pytest.raises(ValidationError, match=r"redteam\.drafts: a new network answers nothing yet"):
            recipe(stages, redteam=tables["redteam"])
    assert recipe(stages, **tables).stages["base"].mixture == {name: 1}
    with pytest.raises(ValidationError, match=rf"'{name}' needs the recipe's `redteam` table"):
        recipe(stages)


def test_preference_pairs_need_their_key_their_objective_and_a_start() -> None:
    apart = {"document_masks": True, "position_resets": True}
    prefer = {"prefer": {"start": "base", "mixture": {PREFERENCES: 1}, "objective": "dpo", **apart}}
    tables: dict[str, Any] = {"redteam": REDTEAM | {"preferences": True}}
    assert recipe({"base": {}, **prefer}, **tables).stages["prefer"].prefers is not None
    with pytest.raises(ValidationError, match=r"'redteam/preferences' needs redteam\.preferences: true"):
        recipe({"base": {}, **prefer}, redteam=REDTEAM)
    with pytest.raises(
        ValidationError, match=r"stages\.prefer\.mixture: .* preference pairs, which need objective: dpo"
    ):
        recipe({"base": {}, "prefer": prefer["prefer"] | {"objective": "likelihood"}}, **tables)
    with pytest.raises(ValidationError, match=r"stages\.prefer\.objective: dpo needs preference pairs in the mixture"):
        recipe({"base": {}, "prefer": prefer["prefer"] | {"mixture": {"web/en": 1}}}, **tables)
    with pytest.raises(ValidationError, match="a new network says nothing yet"):
        recipe({"prefer": prefer["prefer"] | {"start": "model"}}, **tables)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"mixture": {"net/en": 1}}, r"stages\.base\.mixture"),
        ({"changes": [{"from_tokens": 64, "mixture": {"net/en": 1}}]}, r"stages\.base\.changes\.0\.mixture"),
        ({"control": {"name": "other", "mixture": {"net/en": 1}}}, r"stages\.base\.control\.mixture"),
    ],
)
def test_every_mixture_names_sources_that_there_are(changes: dict[str, Any], key: str) -> None:
    with pytest.raises(ValidationError, match=rf"{key}: 'net/en' is not SOURCE/LANGUAGE with a source .* \(web\)"):
        recipe({"base": changes})


def test_the_red_team_set_has_its_name_alone() -> None:
    source = {"kind": "jsonl", "paths": ["a.jsonl"]}
    with pytest.raises(ValidationError, match=r"corpus\.sources\.redteam: the name belongs to the red-team set"):
        recipe({"base": {"mixture": {"web/en": 1}}}, corpus={"sources": {"web": source, "redteam": source}})


def test_a_red_team_source_of_no_such_kind_is_refused() -> None:
    with pytest.raises(ValidationError, match="'redteam/harmful' is not one of redteam/pairs, redteam/benign"):
        recipe({"base": {"mixture": {"redteam/harmful": 1}}}, redteam=REDTEAM)


@pytest.mark.parametrize(
    ("tokens", "said"),
    [
        ({"infilling": {"redteam/pairs": {}}}, "holds prompt/response pairs, which are never cut"),
        ({"infilling": {"talk/en": {}}}, "'talk/en' holds conversations, which are never cut"),
        ({"infilling": {"net/en": {}}}, r"tokens\.infilling: 'net/en' is not SOURCE/LANGUAGE"),
        ({"loss": {"web/en": "all"}}, r"tokens\.loss: 'web/en' is not of a source with `kind: conversations`"),
        ({"adopt": {"web/fi": {"path": "x", "license": "MIT"}}}, "is not SOURCE/LANGUAGE with a source of its own"),
        ({"preferences": {"web/fi": {"path": "x", "license": "MIT"}}}, r"tokens\.preferences: 'web/fi' is not SOURCE"),
        (
            {"infilling": {"prefs/en": {}}, "preferences": PREFERRED},
            "'prefs/en' holds preference pairs, which are never cut",
        ),
        ({"adopt": {"redteam/fi": {"path": "x", "license": "MIT"}}}, "with a source of its own"),
    ],
)
def test_what_tokens_say_of_sources_is_of_sources_of_that_kind(tokens: dict[str, Any], said: str) -> None:
    corpus = {"sources": {"web": {"kind": "text", "paths": ["a.txt"]}, "talk": TALK}}
    with pytest.raises(ValidationError, match=said):
        recipe(corpus=corpus, tokens={"path": "x"} | tokens, redteam=REDTEAM)


def test_a_model_keeps_its_tokenizer() -> None:
    with pytest.raises(ValidationError, match=r"the ids of its own tokenizer alone; give tokens\.path: a/b"):
        recipe(model={"path": "a/b"})
    assert recipe(model={"path": "a/b"}, tokens={"path": "a/b"}).tokens.train is None


def test_rows_that_nobody_adds_have_no_rate_of_their_own() -> None:
    stages = {"base": {"optimizer": {"new_rows": 2}}}
    with pytest.raises(ValidationError, match=r"stages\.base\.optimizer\.new_rows: needs tokens\.extend"):
        recipe(stages)
    assert recipe(stages, tokens={"path": "x", "extend": {"languages": ["en"]}})


@pytest.mark.parametrize(
    ("stages", "said"),
    [
        ({"model": {}}, r"stages\.model: 'model' is already the name of the recipe's own model"),
        ({"bigram": {}}, "'bigram' is already the name of the bigram beside every figure"),
        (
            {"a": {"control": {"name": "b", "mixture": {"web/fi": 1}}}, "a-b": {}},
            r"stages\.a-b: 'a-b' is already the name of stages\.a\.control",
        ),
    ],
)
def test_no_two_things_lie_in_one_folder(stages: dict[str, dict[str, Any]], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        recipe(stages)

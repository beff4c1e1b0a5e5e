"""What tables of a recipe say about each other, asked of values as they are stated, sound or not."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml

from aurora.recipe.references import references, table
from conftest import MINIMAL


def values(**changes: Any) -> dict[str, Any]:
    """The minimal recipe with other values, by keys with `__` between their parts."""
    found: dict[str, Any] = copy.deepcopy(yaml.safe_load(MINIMAL))
    for key, value in changes.items():
        *tables, last = key.split("__")
        place = found
        for part in tables:
            place = place.setdefault(part, {})
        place[last] = value
    return found


def test_a_sound_recipe_has_nothing_wrong_between_its_tables() -> None:
    assert list(references(values())) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"stages__base__start": "cap"}, "stages.base.start: 'cap' is not an earlier stage (known: model)"),
        ({"stages__base__start": "base"}, "stages.base.start: 'base' is not an earlier stage (known: model)"),
        ({"stages__base__mixture": {"wep/en": 1}}, "(did you mean web/en?)"),
        (
            {"stages__base__mixture": {"redteam/bad": 1}, "redteam": {"policy": "x"}},
            "is not one of redteam/pairs, redteam/benign",
        ),
        ({"stages__base__mixture": {"redteam/pairs": 1}}, "needs the recipe's `redteam` table"),
        (
            {"corpus__sources__web__language": "fin_Latn"},
            "'web/en' has no text: corpus.sources.web is all 'fi' (did you mean web/fi?)",
        ),
        ({"stages__base__changes": [{"mixture": {"net/en": 1}}]}, "stages.base.changes.0.mixture: 'net/en'"),
        ({"stages__base__control": {"name": "x", "mixture": {"net/en": 1}}}, "stages.base.control.mixture: 'net/en'"),
        ({"stages__base__sequence_length": 64}, "sequence_length: 64 is more than model.architecture.positi"),
        ({"tokens__infilling": {"redteam/pairs": {}}, "redteam": {"policy": "x"}}, "which are never cut"),
        ({"tokens__loss": {"web/en": "all"}}, "is not of a source with `kind: conversations`"),
        ({"tokens__adopt": {"web/en": {}}}, "is not SOURCE/LANGUAGE with a source of its own"),
        ({"stages__base__optimizer": {"carry": True}}, "base.optimizer.carry: what it starts from has no moments"),
        ({"stages__base__optimizer": {"new_rows": 3}}, "stages.base.optimizer.new_rows: needs tokens.extend"),
        ({"model__path": "x"}, "tokens.train: the model of model.path knows the ids of its own tokenizer alone"),
        ({"stages__model": {"start": "base"}}, "stages.model: 'model' is already the name of the recipe's own model"),
        ({"stages__bigram": {"start": "base"}}, "stages.bigram: 'bigram' is already the name of the bigram"),
        (
            {"stages__base__control": {"name": "x"}, "stages__base-x": {"start": "base"}},
            "stages.base-x: 'base-x' is already the name of stages.base.control",
        ),
        ({"corpus__sources__redteam": {"kind": "jsonl"}}, "corpus.sources.redteam: the name belongs to"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named_by_its_key(changes: dict[str, Any], said: str) -> None:
    found = list(references(values(**changes)))
    assert len(found) == 1
    assert said in found[0]


@pytest.mark.parametrize("value", [None, 7, "text", [], [7], {}, {"base": 7}, {"base": {"mixture": [7]}}])
@pytest.mark.parametrize("key", ["stages", "tokens", "model", "corpus", "redteam"])
def test_what_is_no_sound_value_is_passed_over(key: str, value: Any) -> None:
    assert all(": " in said for said in references(values() | {key: value}))


def test_a_table_that_is_not_there_is_empty() -> None:
    assert table({"a": {"b": {"c": 1}}}, "a", "b") == {"c": 1}
    for given in ({}, {"a": 7}, {"a": {"b": None}}, None, [1]):
        assert table(given, "a", "b") == {}

"""What a validation complains about, in the words of a recipe's writer, each cause once."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from aurora.recipe.recipe import Recipe
from aurora.written.mistakes import LONGEST_MESSAGE, Mistake, mistakes_of, said
from conftest import MINIMAL


def found(*changes: tuple[str, Any]) -> list[tuple[str, str, str]]:
    """(subject, key, what) of the mistakes of the minimal recipe with other values; a value of ... takes one away."""
    values = yaml.safe_load(MINIMAL)
    for key, value in changes:
        *tables, last = key.split(".")
        place = values
        for part in tables:
            place = place[part]
        if value is ...:
            del place[last]
        else:
            place[last] = value
    with pytest.raises(ValidationError) as refused:
        Recipe.model_validate(values)
    return [(one.subject, ".".join(one.key), one.what) for one in mistakes_of(refused.value, values, Recipe)]


@pytest.mark.parametrize(
    ("key", "value", "mistake"),
    [
        ("seed", "many", ("", "seed", "'many' stands where a whole number belongs")),
        ("seed", [1], ("", "seed", "a list stands where a whole number belongs")),
        ("name", 7, ("", "name", "7 stands where a text belongs; put it in quotes")),
        ("sede", 7, ("unknown key", "sede", "(did you mean seed?)")),
        ("stages.base.tokens", 0, ("", "stages.base.tokens", "0 is out of bounds; give 1 or more")),
        ("stages.base.tokens", None, ("", "stages.base.tokens", "null stands where a whole number belongs")),
        ("corpus.sources.web.kind", "jsnl", ("", "corpus.sources.web.kind", "(did you mean jsonl?)")),
        ("corpus.sources.web.paths", [], ("", "corpus.sources.web.paths", "this is empty; give 1 or more")),
        ("stages.base.tokens", ..., ("the key", "stages.base.tokens", "is missing")),
        ("stages.base.schedule", {}, ("the key", "stages.base.schedule.peak", "is missing")),
        ("stages.base.schedule", True, ("", "stages.base.schedule", "true stands where a table belongs")),
    ],
)
def test_a_complaint_is_one_mistake_with_what_to_write(key: str, value: Any, mistake: tuple[str, str, str]) -> None:
    (one,) = found((key, value))
    assert one[:2] == mistake[:2]
    assert one[2].endswith(mistake[2])


@pytest.mark.parametrize(
    ("value", "key", "what"),
    [
        ("alll", "", "'alll' is none of all (did you mean all?)"),
        ([], "", "a list is none of all"),
        ({"lora": {"rank": 0, "alpha": 1}}, ".lora.rank", "0 is out of bounds; give 1 or more"),
        ({"lora": 3}, ".lora", "3 stands where a table belongs"),
        ({}, "", "give `all`, or exactly one of `last_layers`, `embeddings: false` and `lora`"),
    ],
    ids=["another word", "a list", "a value", "no table", "an empty table"],
)
def test_of_a_word_or_a_table_only_what_was_meant_is_told(value: Any, key: str, what: str) -> None:
    assert found(("stages.base.train", value)) == [("", f"stages.base.train{key}", what)]


def test_a_misspelt_key_makes_no_other_missing() -> None:
    assert found(("stages.base.tokens", ...), ("stages.base.tokns", 256)) == [
        ("unknown key", "stages.base.tokns", "(did you mean tokens?)")
    ]


def test_keys_that_a_table_lacks_are_named_together() -> None:
    ((subject, key, what),) = found(("stages.bse", {"seqence_length": 16, "start": "model"}))[:1] or [("", "", "")]
    assert (subject, key) == ("unknown key", "stages.bse.seqence_length")
    assert "sequence_length" in what
    lacking = found(("stages.bsae", {"tokens": 8}))
    assert [key for _, key, _ in lacking] == ["stages.bsae"]
    assert lacking[0][2].startswith("the keys start, ")
    assert lacking[0][2].endswith("are missing (did you mean base?)")


def test_a_sentence_has_place_key_and_what() -> None:
    assert Mistake(("a", "b"), "is odd").sentence("x.yaml, line 3") == "x.yaml, line 3: a.b: is odd."
    assert Mistake(("a",), "is missing", "the key").sentence("here") == "here: the key a is missing."
    assert Mistake((), "is odd").sentence("here") == "here: the recipe: is odd."
    assert "\n" not in Mistake(("a\nb",), "is odd").sentence("here")


def test_a_message_of_ours_may_name_a_key_below() -> None:
    assert said(("stages", "base"), "schedule.peak: It is odd") == Mistake(
        ("stages", "base", "schedule", "peak"), "it is odd"
    )
    assert said(("a",), "URL is odd") == Mistake(("a",), "URL is odd")
    assert len(said(("a",), "x" * 2000).what) == LONGEST_MESSAGE + 3

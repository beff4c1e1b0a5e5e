"""The recipe's sources: a key belongs to its kind, and what a kind cannot do without is asked for."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from aurora.recipe.packages import WheelPin
from aurora.recipe.sources import ConversationsSource, Source, WheelsSource

ADAPTER: TypeAdapter[Any] = TypeAdapter(Source)
PIN = {"name": "a-package", "version": "1.2.3", "sha256": "0" * 64}


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"paths": ["a"]}, "Unable to extract tag using discriminator 'kind'"),
        ({"kind": "csv", "paths": ["a"]}, "Input tag 'csv' found using 'kind' does not match"),
        ({"kind": "text", "paths": ["a"], "text_key": "text"}, "text_key"),  # of the kinds with rows
        ({"kind": "html", "paths": []}, "at least 1 item"),
        ({"kind": "hub"}, "dataset"),
        ({"kind": "environment", "take": "docstrings", "distributions": []}, "at least 1 item"),
        ({"kind": "jsonl", "paths": ["a"], "may_lose": 1.1}, "less than or equal to 1"),
        ({"kind": "jsonl", "paths": ["a"], "limit_megabytes": 0}, "greater than 0"),
        ({"kind": "jsonl", "paths": ["a"], "language": "Finnish"}, "'Finnish' is not a language label"),
        ({"kind": "hub", "dataset": "a/b", "revision": "../x"}, "is not a revision"),
    ],
)
def test_a_source_that_cannot_be_read_is_refused(source: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        ADAPTER.validate_python(source)


def test_how_much_may_be_unreadable_changes_no_document() -> None:
    strict, lax = (ADAPTER.validate_python({"kind": "text", "paths": ["a"], "may_lose": lost}) for lost in (0, 1))
    assert strict.numerics() == lax.numerics()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"paths": []}, "give exactly one of `paths`, `dataset` and `wheels`"),
        ({"dataset": "a/b"}, "give exactly one of `paths`, `dataset` and `wheels`"),
        (
            {"layout": "messages", "templates": [{"prompt": "{a}", "response": "{b}"}]},
            "`layout` is of conversations, and `templates` are for rows that are none: give one",
        ),
        ({"templates": [{"prompt": "Why?", "response": "{b}"}]}, "it does not use a {key} of a record"),
        ({"templates": [{"prompt": "{a}", "response": "{b c}"}]}, "it does not use a {key} of a record"),
        ({"keys": {"answer": "a"}}, "answer"),
        ({"made_from": ["GSM8K"]}, "is not a name of lower-case letters"),
    ],
)
def test_conversations_come_from_one_place_and_are_told_in_one_way(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        ConversationsSource.model_validate({"kind": "conversations", "paths": ["a"]} | change)


@pytest.mark.parametrize("change", [{"sha256": "0" * 63}, {"sha256": "A" * 64}, {"version": ">=1"}, {"name": "-r"}])
def test_a_package_is_pinned_by_all_three_or_refused(change: dict[str, str]) -> None:
    assert WheelPin.model_validate(PIN).license == "unknown"
    with pytest.raises(ValidationError, match=next(iter(change))):
        WheelPin.model_validate(PIN | change)


def test_measuring_text_is_known_by_its_set_and_by_its_package_in_any_case() -> None:
    assert WheelsSource(kind="wheels", sets=["light", "eld"]).names_measuring_text()
    assert WheelsSource(kind="wheels", packages=[WheelPin.model_validate(PIN | {"name": "ELD"})]).names_measuring_text()
    assert not WheelsSource(kind="wheels", packages=[WheelPin.model_validate(PIN)]).names_measuring_text()

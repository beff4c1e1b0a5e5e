"""Rows that a model says something about before templates use them."""

from __future__ import annotations

import hashlib
import json
import random
import time
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from aurora.corpus.conversation import turns_of
from aurora.corpus.document import Document, Quarantined
from aurora.corpus.sources import read_source
from aurora.errors import AuroraError
from aurora.recipe.sources import ConversationsSource
from corpus.sources.conversations.small_endpoint import Answer, endpoint, said

PLAIN = {"prompt": "Kerro: {text}", "response": "{text}", "language": "fi"}
ASKED = {"prompt": "{question}", "response": "{text}", "language": "fi"}


def source(address: str, **keys: Any) -> ConversationsSource:
    rephrase = {"endpoint": address, "model": "m", "keys": {"question": "Kysy: {text}"}, **keys.pop("rephrase", {})}
    given = {"paths": ["a.jsonl"], "templates": [PLAIN, ASKED], "rephrase": rephrase, **keys}
    return ConversationsSource.model_validate({"kind": "conversations", **given})


def read(given: ConversationsSource, base: Path, rows: list[Any]) -> list[Document | Quarantined]:
    (base / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return list(read_source("talks", given, base, base / "cache"))


def turns(item: Document | Quarantined) -> tuple[str, ...]:
    assert isinstance(item, Document), item
    return tuple(turn.text for turn in turns_of(item.text, item.meta))


def test_the_model_asks_and_the_answer_stays_what_it_was(tmp_path: Path) -> None:
    """In the order of the rows, however long each takes."""
    draw = random.Random(1)

    def answer(number: int, body: dict[str, Any]) -> Answer:
        time.sleep(draw.random() / 100)
        return said(body["messages"][0]["content"].replace("Kysy: ", "Mikä on ") + "?")

    rows = [{"text": f"joki {number}"} for number in range(40)]
    with endpoint(answer) as small:
        found = read(source(small.address), tmp_path, rows)
        assert [turns(item) for item in found] == [
            (f"Mikä on joki {number}?", f"joki {number}") for number in range(40)
        ]
        assert len(small.bodies) == 40
        assert read(source(small.address), tmp_path, rows) == found
        assert len(small.bodies) == 40
    first = found[0]
    assert isinstance(first, Document)
    assert json.loads(first.meta)["rephrased"] == {
        "model": "m",
        "sha256": {"question": hashlib.sha256("Mikä on joki 0?".encode()).hexdigest()},
    }


def test_what_the_model_cannot_be_asked_about_is_left_to_the_templates(tmp_path: Path) -> None:
    """A row without the key has none of them; one that the endpoint refuses is quarantined."""
    rows = [{"text": "joki"}, {"other": "silta"}, {"text": "kielletty"}, [1]]

    def answer(number: int, body: dict[str, Any]) -> Answer:
        return (400, "not that", {}) if "kielletty" in body["messages"][0]["content"] else said("Mikä?")

    with endpoint(answer) as small:
        found = read(source(small.address), tmp_path, rows)
    assert turns(found[0]) == ("Mikä?", "joki")
    errors = [item.error for item in found if isinstance(item, Quarantined)]
    assert errors == [
        "the key text is missing; there are other",
        "ValueError: the endpoint refuses it (400: not that)",
        "TypeError: the line is not a JSON object",
    ]


def test_without_an_endpoint_the_templates_ask(tmp_path: Path) -> None:
    given = ConversationsSource.model_validate({"kind": "conversations", "paths": ["a.jsonl"], "templates": [PLAIN]})
    (found,) = read(given, tmp_path, [{"text": "joki"}])
    assert turns(found) == ("Kerro: joki", "joki")
    assert "rephrased" not in (found.meta if isinstance(found, Document) else "")


def test_an_endpoint_that_is_not_there_stops_the_build_and_what_it_said_is_kept(tmp_path: Path) -> None:
    rows = [{"text": f"joki {number}"} for number in range(3)]
    there = [said("Mikä?"), said("Mikä?"), (500, "down", {})]
    one = {"at_once": 1, "retries": 0}
    with endpoint(lambda number, body: there[number]) as small, pytest.raises(AuroraError, match="gave no answer"):
        read(source(small.address, rephrase=one), tmp_path, rows)
    with endpoint(lambda number, body: said("Mikä?")) as small:
        assert len(read(source(small.address, rephrase=one), tmp_path, rows)) == 3
        assert len(small.bodies) == 1


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ({"templates": [PLAIN]}, "`rephrase` asks for question, which no template uses"),
        ({"rephrase": {"endpoint": "https://me:secret@host/v1"}}, "String should match pattern"),
        ({"rephrase": {"endpoint": "https://host/v1?key=secret"}}, "String should match pattern"),
        ({"rephrase": {"endpoint": "http://host/v1", "key_variable": "KEY"}}, "a key would travel in the clear"),
        ({"rephrase": {"keys": {"question": "Kysy."}}}, "keys.question: it does not use a {key} of a row"),
        ({"rephrase": {"keys": {"a.b": "Kysy: {text}"}}}, "'a.b' is not a name"),
    ],
    ids=["unused", "a secret before the host", "a secret behind it", "in the clear", "no key", "a path"],
)
def test_what_a_recipe_may_not_say(keys: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError) as refused:
        source("http://127.0.0.1:9/v1", **keys)
    assert reason in str(refused.value)

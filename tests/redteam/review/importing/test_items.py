from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aurora.errors import UserError
from aurora.redteam.review.importing.items import Assumed, first_of, item_of, read_items
from aurora.redteam.review.importing.records import Record

ASSUMED = Assumed("rules", "a file", category="cyber", language="en")


def made(**values: Any) -> Any:
    return item_of(Record("file, line 1", values), ASSUMED)


def test_what_a_record_does_not_say_is_assumed() -> None:
    name, item = made(prompt="Open the door")
    assert (item.policy, item.category, item.language, item.kind) == ("rules", "cyber", "en", "harmful")
    assert (item.source, item.license, item.response) == ("a file", "unknown", "")
    assert name == made(prompt="Open the door")[0]
    assert name != made(prompt="Open the window")[0]


def test_names_of_published_sets_are_understood() -> None:
    _, item = made(
        instruction="A", output="B", lang="fin_Latn", licence="MIT", score=3, drafts=["x", {"text": "y", "by": "m"}]
    )
    assert (item.prompt, item.response, item.language, item.license) == ("A", "B", "fi", "MIT")
    assert [(draft.id, draft.text, draft.by) for draft in item.drafts] == [("d1", "x", ""), ("d2", "y", "m")]
    assert item.facts == {"score": "3"}
    assert first_of({"question": "q"}, "prompt") == "q"


def test_a_conversation_is_its_first_prompt_and_answer() -> None:
    turns = [
        {"role": "system", "content": "s"},
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": "a"},
    ]
    _, item = made(messages=turns)
    assert (item.prompt, item.response) == ("q", "a")


def test_texts_are_cleaned_of_what_an_event_cannot_hold() -> None:
    _, item = made(prompt="a\r\nb\x00\ud800", facts='{"k": "v"}', odd={"deep": [1, None]})
    assert item.prompt == "a\nb"
    assert item.facts == {"k": "v", "odd": '{"deep": [1, null]}'}


@pytest.mark.parametrize("given", ["../../etc/passwd", "a/b", "", ".x", "x" * 200, 'x"; DROP TABLE events', 7])
def test_an_id_is_safe_or_made(given: object) -> None:
    name, _ = made(id=given, prompt="p")
    assert name == "7" or (len(name) == 16 and name.isalnum())


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, "there is no prompt"),
        ({"prompt": ""}, "there is no prompt"),
        ({"prompt": "a", "kind": "bad"}, "kind"),
        ({"prompt": "a", "lang": "?"}, "language"),
        ({"prompt": "a", "category": "../x"}, "category"),
        ({"prompt": "a" * 100_001}, "100000"),
    ],
    ids=range(6),
)
def test_what_is_no_item_is_told_with_its_place(values: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError, match=f"file, line 1.*{told}"):
        made(**values)


def test_mistakes_of_a_file_are_told_together(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    lines = [{"id": "1", "prompt": "a"}, {"prompt": ""}, {"id": "1", "prompt": "b"}, {"id": "1", "prompt": "a"}]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(UserError, match=r"line 2: there is no prompt.*line 3: the id 1 is that of another item"):
        read_items(path, ASSUMED)
    path.write_text('{"prompt": ""}\n' * 9)
    with pytest.raises(UserError, match=r"line 5: .*There are 4 or more others"):
        read_items(path, ASSUMED)
    path.write_text("")
    with pytest.raises(UserError, match="holds no item"):
        read_items(path, ASSUMED)

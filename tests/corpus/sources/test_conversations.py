"""Conversations as files and data sets hold them, read as a source."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from aurora.corpus.conversation import turns_of
from aurora.corpus.document import Document, Quarantined
from aurora.corpus.sources import provenance, read_source
from aurora.recipe.sources import ConversationsSource
from corpus.sources.conversations.test_layouts import LAYOUTS
from corpus.sources.conversations.test_replies import ROWS, nested


def source(**keys: Any) -> ConversationsSource:
    place = {} if "dataset" in keys else {"paths": ["a.*"]}
    return ConversationsSource(kind="conversations", **{**place, **keys})


def read(base: Path, **keys: Any) -> list[Document | Quarantined]:
    return list(read_source("chats", source(**keys), base, base / "cache"))


def written(path: Path, rows: Sequence[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def said(document: Document | Quarantined) -> list[tuple[str, str]]:
    assert isinstance(document, Document), document
    return [(turn.role, turn.text) for turn in turns_of(document.text, document.meta)]


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_from_lines_parquet_and_a_folder_in_hub_layout(tmp_path: Path, name: str) -> None:
    row, _, expected = LAYOUTS[name]
    written(tmp_path / "lines/a.jsonl", [row])
    (tmp_path / "table").mkdir()
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "table/a.parquet")
    written(tmp_path / "set/data/train.jsonl", [row])
    for base in (tmp_path / "lines", tmp_path / "table"):
        (found,) = read(base)
        assert said(found) == expected
    (found,) = read(tmp_path, dataset="set")
    assert said(found) == expected
    assert isinstance(found, Document)
    assert found.url == "hub:set#1"


USER, BOT = {"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}
# Turns as sets have them, and how many are kept or the reason that is said.
ODD: dict[str, tuple[list[Any], int | str]] = {
    "two prompts in a row": ([{"role": "user", "content": "Well."}, USER, BOT], 2),
    "an empty system turn": ([{"role": "system", "content": ""}, USER, BOT], 2),
    "a last prompt": ([USER, BOT, USER], 2),
    "40 turns": ([USER, BOT] * 20, 40),
    "names of roles in another script": (
        [{"role": "ユーザー", "content": "なぜ？"}, {"role": "ボット", "content": "はい。"}],
        2,
    ),
    "names of no role": ([{"role": "käyttäjä", "content": "Miksi?"}, BOT], "turn 1 has the role 'käyttäjä'"),
    "null": ([USER, {"role": "assistant", "content": None}], "turn 2 (assistant) has no text (null)"),
    "a list of parts": ([{"role": "user", "content": [{"type": "text", "text": "Why?"}]}, BOT], 2),
    "a picture": (
        [{"role": "user", "content": [{"type": "image_url"}]}, BOT],
        "has a part that is not text (image_url)",
    ),
    "an answer first": ([BOT, USER, BOT], "it begins with an answer"),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_conversations_of_a_folder_in_hub_layout(tmp_path: Path, name: str) -> None:
    """As from lines: the same turns, or the same reason."""
    turns, expected = ODD[name]
    written(tmp_path / "a.jsonl", [{"messages": turns}])
    written(tmp_path / "set/data/train.jsonl", [{"messages": turns}])
    roles = {"ユーザー": "user", "ボット": "assistant"}
    (line,), (row,) = read(tmp_path, roles=roles), read(tmp_path, dataset="set", roles=roles)
    if isinstance(expected, int):
        assert len(said(line)) == expected
        assert said(row) == said(line)
    else:
        assert isinstance(line, Quarantined)
        assert isinstance(row, Quarantined)
        assert expected in line.error
        assert row.error == line.error


def test_trees_in_rows_and_nested(tmp_path: Path) -> None:
    rows = [{**row.value, "message_tree_id": "a", "lang": "en"} for row in ROWS]
    other = {"message_id": "x", "parent_id": None, "role": "prompter", "text": "Alone?", "message_tree_id": "x"}
    lost = {**rows[1], "parent_id": "gone", "message_tree_id": "y"}
    written(tmp_path / "a.jsonl", [*rows, other, lost, *rows])
    best, alone, astray, again = read(tmp_path, language_key="lang")
    assert said(best) == said(again) == [
        ("user", "Why?"), ("assistant", "So."), ("user", "How?"), ("assistant", "Like this."),
    ]  # fmt: skip
    assert isinstance(best, Document)
    assert (best.lang, best.url) == ("en", "a.jsonl:6")
    assert [item.error for item in (alone, astray) if isinstance(item, Quarantined)] == [
        "ValueError: it has no answer",
        "ValueError: the message gone, which has a reply, is missing",
    ]
    written(tmp_path / "a.jsonl", [{"message_tree_id": "a", "prompt": nested()}])
    found = read(tmp_path, paths_of_trees="all", language="en")
    assert len(found) == 3
    assert said(found[0]) == said(best)
    assert len({item.id for item in found if isinstance(item, Document)}) == 3


def test_a_tree_that_no_row_names_ends_where_the_next_begins(tmp_path: Path) -> None:
    written(tmp_path / "a.jsonl", [row.value for row in (*ROWS, *ROWS)])
    found = read(tmp_path)
    assert [len(said(item)) for item in found] == [4, 4]


NAMES = ["messages", "role", "content", "prompt", "response", "replies", "message_id", "parent_id", "text", "chosen"]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["user", "assistant", "[", "\n\nHuman: a", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(VALUES, min_size=1, max_size=5), st.sampled_from([None, "messages", "columns", "replies", "tree"]))
@settings(max_examples=200, deadline=None)
def test_nothing_that_a_row_holds_stops_a_build(rows: list[Any], layout: str | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        written(Path(folder) / "a.jsonl", rows)
        for item in read(Path(folder), layout=layout, paths_of_trees="all"):
            if isinstance(item, Document):
                turns = said(item)
                assert [role for role, _ in turns if role != "system"] == ["user", "assistant"] * (len(turns) // 2)


def test_what_a_row_says_of_itself_survives(tmp_path: Path) -> None:
    row = {"prompt": "Why?", "response": "So.", "id": "7", "license": "CC-BY-4.0", "lang": "fin_Latn"}
    written(tmp_path / "a.jsonl", [row, {**row, "messages": [{"role": "user", "content": "Why?"}] * 3}])
    first, second = read(tmp_path, language_key="lang")
    assert isinstance(first, Document)
    assert (first.lang, first.license) == ("fi", "CC-BY-4.0")
    assert json.loads(first.meta)["id"] == "7"
    assert isinstance(second, Quarantined)
    assert second.error == "ValueError: it has no answer"
    assert second.where == "a.jsonl:2"


def test_what_cannot_be_read_is_quarantined_and_the_rest_read(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"prompt": "Why?", "response": "So."}\n[1]\n{cut\n{"text": "none"}\n')
    found = read(tmp_path)
    assert [isinstance(item, Document) for item in found] == [True, False, False, False]


def test_one_place_is_given() -> None:
    for keys in ({"paths": []}, {"paths": ["a"], "dataset": "o/n"}):
        with pytest.raises(ValidationError, match="give exactly one of `paths`, `dataset` and `wheels`"):
            ConversationsSource(kind="conversations", **keys)


def test_provenance(tmp_path: Path) -> None:
    written(tmp_path / "a.jsonl", [])
    assert set(provenance("chats", source(), tmp_path, tmp_path)["files"]) == {"a.jsonl"}
    remote = source(dataset="someone/chats", revision="abc", made_from=["gsm8k"])
    expected = {"kind": "conversations", "dataset": "someone/chats", "revision": "abc", "made_from": ["gsm8k"]}
    assert provenance("chats", remote, tmp_path, tmp_path) == expected

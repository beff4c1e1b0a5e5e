"""The twelve layouts in which one conversation is published, and what a row looks like that holds none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aurora.corpus.sources.conversations.layouts import layout_of, said_in
from aurora.corpus.sources.conversations.soundness import sound
from aurora.recipe.sources import ConversationsSource

QUESTION, ANSWER = "Mikä on joki?", "Joki on virtaava vesi."
MORE, REPLY = "そして川は？", "川も流れる水です。"
ONE = [("user", QUESTION), ("assistant", ANSWER)]
TWO = [*ONE, ("user", MORE), ("assistant", REPLY)]
MESSAGES = [{"role": role, "content": text} for role, text in TWO]

LAYOUTS: dict[str, tuple[dict[str, Any], str, list[tuple[str, str]]]] = {
    "messages": ({"prompt": QUESTION, "prompt_id": "7", "messages": MESSAGES}, "messages", TWO),
    "ShareGPT": (
        {"conversations": [{"from": f, "value": t} for f, (_, t) in zip(["human", "gpt"] * 2, TWO, strict=True)]},
        "messages",
        TWO,
    ),
    "turns without roles": ({"id": "7", "data": [text for _, text in TWO]}, "messages", TWO),
    "prompts with answers": (
        {"conversation": [{"human": QUESTION, "assistant": ANSWER}, {"human": MORE, "assistant": REPLY}]},
        "messages",
        TWO,
    ),
    "pairs of texts": ({"chat": [[QUESTION, ANSWER], [MORE, REPLY]]}, "messages", TWO),
    "columns of turns": (
        {"messages": {"role": [role for role, _ in TWO], "content": [text for _, text in TWO]}},
        "messages",
        TWO,
    ),
    "JSON as text": ({"conversations": json.dumps(MESSAGES)}, "messages", TWO),
    "preferences": ({"prompt": QUESTION, "chosen": MESSAGES, "rejected": []}, "messages", TWO),
    "Alpaca": ({"instruction": QUESTION, "input": "", "output": ANSWER, "text": "### all"}, "columns", ONE),
    "Dolly": ({"instruction": QUESTION, "context": "", "response": ANSWER, "category": "qa"}, "columns", ONE),
    "prompt and response": ({"type": "x", "query": QUESTION, "response": ANSWER}, "columns", ONE),
    "inputs and targets": ({"inputs": QUESTION, "targets": ANSWER, "language": "fin"}, "columns", ONE),
    "system, question, response": (
        {"id": "7", "system_prompt": "", "question": QUESTION, "response": ANSWER},
        "columns",
        ONE,
    ),
    "prompt and completion as messages": ({"prompt": MESSAGES[:1], "completion": MESSAGES[1:2]}, "columns", ONE),
    "transcript": (
        {"chosen": f"\n\nHuman: {QUESTION}\n\nAssistant: {ANSWER}\n\nHuman: {MORE}\n\nAssistant: {REPLY}",
         "rejected": "\n\nHuman: a\n\nAssistant: b"},
        "transcript",
        TWO,
    ),
}  # fmt: skip


def source(**keys: Any) -> ConversationsSource:
    return ConversationsSource(kind="conversations", **{"paths": ["a.jsonl"], **keys})


def turns(row: dict[str, Any], given: ConversationsSource) -> list[tuple[str, str]]:
    found, _ = sound(said_in(row, layout_of(row, given), given), given)
    return [(turn.role, turn.text) for turn in found]


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_is_known_by_its_keys(name: str) -> None:
    row, layout, expected = LAYOUTS[name]
    assert layout_of(row, source()) == layout
    assert turns(row, source()) == expected


def test_what_stands_around_a_prompt() -> None:
    row = {"instruction": "Sum it up.", "input": "A long text.", "output": "Short."}
    assert turns(row, source())[0] == ("user", "Sum it up.\n\nA long text.")
    row = {"system_prompt": "Be brief.", "question": "Why?", "response": "So."}
    assert turns(row, source()) == [("system", "Be brief."), ("user", "Why?"), ("assistant", "So.")]
    row = {
        "system": "Be brief.",
        "conversations": [{"from": "human", "value": "Why?"}, {"from": "gpt", "value": "So."}],
    }
    assert turns(row, source()) == [("system", "Be brief."), ("user", "Why?"), ("assistant", "So.")]


def test_the_recipe_names_other_keys_and_roles() -> None:
    row = {"frage": "Why?", "meta": {"antwort": "So."}}
    assert turns(row, source(keys={"prompt": "frage", "response": "meta.antwort"})) == [
        ("user", "Why?"),
        ("assistant", "So."),
    ]
    row = {"会話": [{"role": "ユーザー", "content": "なぜ？"}, {"role": "アシスタント", "content": "だから。"}]}
    roles = {"ﾕｰｻﾞｰ": "user", "アシスタント": "assistant"}
    assert turns(row, source(keys={"messages": "会話"}, roles=roles)) == [("user", "なぜ？"), ("assistant", "だから。")]


def test_a_layout_that_is_said_is_not_guessed() -> None:
    row = {"messages": "no list", "prompt": QUESTION, "response": ANSWER}
    assert turns(row, source(layout="columns")) == ONE
    with pytest.raises(ValueError, match="its turns are not a list"):
        turns(row, source(layout="messages"))
    with pytest.raises(ValueError, match="no text with `Human:`"):
        turns(row, source(layout="transcript"))


def test_turns_before_the_prompt_of_a_row_of_columns() -> None:
    row = {"system": "Be brief.", "history": [["Hm?", "Yes."]], "instruction": "Why?", "input": "", "output": "So."}
    before = [("system", "Be brief."), ("user", "Hm?"), ("assistant", "Yes.")]
    assert turns(row, source()) == [*before, ("user", "Why?"), ("assistant", "So.")]


def test_what_is_asked_may_stand_in_the_context_alone() -> None:
    assert turns({"instruction": "", "input": QUESTION, "output": ANSWER}, source()) == ONE


@pytest.mark.parametrize("key", ["train", "loss"])
def test_a_turn_that_says_so_is_not_learnt(key: str) -> None:
    row = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", key: False}]}
    assert [said.weight for said in said_in(row, "messages", source())] == [None, 0]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"text": "One text.", "url": "x"}, "the keys text, url have no known layout: set `layout` and `keys`"),
        ({"prompt": "Why?", "response": None}, "have no known layout"),
        ({"messages": {"role": ["user"], "content": ["a", "b"]}}, "columns of different lengths"),
        ({"messages": [{"role": "user", "content": "a"}, 7]}, "turn 2 is not a turn of a conversation"),
        ({"prompt": "Why?", "response": ["So.", "Because."]}, "it has 2 answers"),
        ({"messages": [{"content": "a"}]}, "turn 1 has no role: it has content"),
        ({"chosen": "Human: but nobody answers"}, "have no known layout"),
    ],
)
def test_a_row_that_holds_none_says_why(row: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        turns(row, source())

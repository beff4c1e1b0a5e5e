from __future__ import annotations

import numpy as np
import pyarrow as pa

from aurora.corpus.conversation import ASSISTANT, SYSTEM, USER, Turn, new_conversation, turns_of
from aurora.corpus.phases.pieces import Documents, Turns

TALKS = [
    [Turn(SYSTEM, "Be brief."), Turn(USER, "Why?"), Turn(ASSISTANT, "So.")],
    [Turn(USER, "川？"), Turn(ASSISTANT, ""), Turn(USER, "川？"), Turn(ASSISTANT, "はい。", learnt=False)],
]


def columns() -> tuple[pa.LargeStringArray, pa.Array]:
    documents = [new_conversation(talk, "en", "chats", "MIT", "a:1", {"id": "7"}) for talk in TALKS]
    texts = pa.array([document.text for document in documents], pa.large_string())
    return texts, pa.array([document.meta for document in documents])


def test_a_turn_is_a_piece_and_pieces_are_put_together_again() -> None:
    texts, metas = columns()
    turns = Turns(texts, metas)
    assert turns.texts.to_pylist() == [turn.text for talk in TALKS for turn in talk]
    assert turns.langs(["en", "ja"]) == ["en"] * 3 + ["ja"] * 4
    assert turns.sums([1, 0, 2, 0, 0, 0, 5]).tolist() == [3, 5]
    assert turns.joined().equals(texts)
    assert turns.described(metas).equals(metas)
    assert turns.said_by(USER).to_pylist() == ["Why?", "川？\n\n川？"]
    assert turns.said_by(ASSISTANT).to_pylist() == ["So.", "\n\nはい。"]


def test_what_a_step_changes_in_a_turn_changes_its_length() -> None:
    texts, metas = columns()
    turns = Turns(texts, metas)
    turns.texts = pa.array([f"{text}!!" for text in turns.texts.to_pylist()], pa.large_string())
    now = zip(turns.joined().to_pylist(), turns.described(metas).to_pylist(), strict=True)
    assert [turns_of(*document) for document in now] == [
        [turn._replace(text=f"{turn.text}!!") for turn in talk] for talk in TALKS
    ]


def test_documents_are_pieces_themselves() -> None:
    texts, metas = columns()
    pieces = Documents(texts)
    assert pieces.joined() is texts
    assert pieces.described(metas) is metas
    assert np.array_equal(pieces.sums([1, 0]), [1, 0])

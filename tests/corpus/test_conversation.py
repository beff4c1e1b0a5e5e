from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from aurora.corpus.conversation import (
    ASSISTANT,
    SYSTEM,
    USER,
    Turn,
    is_conversation,
    new_conversation,
    turns_of,
    with_turns,
)
from aurora.corpus.document import new_document

TURNS = st.lists(
    st.builds(
        Turn, st.sampled_from([SYSTEM, USER, ASSISTANT]), st.text(alphabet="a\n\"川🙂'[]:,ः", max_size=8), st.booleans()
    ),
    min_size=1,
)


@given(TURNS)
def test_the_turns_come_back_from_text_and_meta(turns: list[Turn]) -> None:
    document = new_conversation(turns, "ja", "chats", "MIT", "a.jsonl:1", {"url": "https://a.example/"})
    assert turns_of(document.text, document.meta) == turns
    assert is_conversation(document.meta)
    assert json.loads(document.meta)["url"] == "https://a.example/"


def test_the_text_is_what_a_reader_of_documents_expects() -> None:
    document = new_conversation([Turn(USER, "Why?"), Turn(ASSISTANT, "So.")], "en", "chats", "MIT", "a:1", {})
    assert document.text == "Why?\n\nSo."
    assert document.meta == '{"turns": [["user", 4], ["assistant", 3]]}'
    assert document.id == new_document("Why?\n\nSo.", "en", "chats", "MIT", "a:1").id


def test_turns_that_a_step_changed() -> None:
    turns = [Turn(USER, "Why?"), Turn(ASSISTANT, "Because.", learnt=False)]
    meta = with_turns('{"id": "7", "turns": [["user", 99]]}', turns)
    assert meta == '{"id": "7", "turns": [["user", 4], ["assistant", 8, false]]}'


def test_what_a_row_says_makes_no_conversation() -> None:
    for facts in ({}, {"id": '"turns": [["user", 4]]'}, {"turns": "[["}):
        assert not is_conversation(new_document("text", "en", "web", meta=dict(facts)).meta)

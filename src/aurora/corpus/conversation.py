"""Conversations: documents made of turns.

One decision: a document's text holds every turn once, with an empty line between two, and `meta` says who speaks and
for how many characters. So whatever reads, counts or compares documents does the same with conversations, and what a
step changes in a turn is changed in one place.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from aurora.corpus.document import Document, encoded, new_document

SYSTEM, USER, ASSISTANT = "system", "user", "assistant"
TURNS = "turns"  # the key of `meta`
UNANSWERED = "unanswered"  # the key of `meta` of a conversation whose last prompt had no answer and was left out
LEFT_OUT = "turns_left_out"  # the key of `meta` of one whose source has so many turns more, which a recipe leaves out
BETWEEN = "\n\n"
_MARK = f'"{TURNS}": [['


class Turn(NamedTuple):
    """What one side says. `learnt` is false for an answer that is context alone, because it is learnt elsewhere."""

    role: str
    text: str
    learnt: bool = True


def new_conversation(
    turns: Sequence[Turn], lang: str, source: str, license: str, url: str, facts: Mapping[str, object]
) -> Document:
    """A conversation as a document; `lang` is the language of its answers."""
    meta = {**facts, TURNS: described(turns)}
    return new_document(BETWEEN.join(turn.text for turn in turns), lang, source, license, url, meta)


def is_conversation(meta: str) -> bool:
    """Whether a document with this `meta` is a conversation."""
    return _MARK in meta  # a quotation mark within a value is escaped


def described(turns: Sequence[Turn]) -> list[list[object]]:
    """Who speaks and for how many characters, as `meta` has it: [role, characters], and `false` where not `learnt`."""
    return [[turn.role, len(turn.text), *([] if turn.learnt else [False])] for turn in turns]


def turns_of(text: str, meta: str) -> list[Turn]:
    """The turns of a conversation."""
    turns = []
    start = 0
    for role, length, *learnt in json.loads(meta)[TURNS]:
        turns.append(Turn(role, text[start : start + length], not learnt))
        start += length + len(BETWEEN)
    return turns


def said(turns: Sequence[Turn], role: str) -> str:
    """What one side says."""
    return BETWEEN.join(turn.text for turn in turns if turn.role == role)


def prompts_of(texts: Sequence[str], metas: Sequence[str]) -> list[str]:
    """What conversations ask."""
    return [said(turns_of(text, meta), USER) for text, meta in zip(texts, metas, strict=True)]


def with_turns(meta: str, turns: Sequence[Turn]) -> str:
    """The `meta` of a conversation whose turns have become these."""
    return encoded({**json.loads(meta), TURNS: described(turns)})

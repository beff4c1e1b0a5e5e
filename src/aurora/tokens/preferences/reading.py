"""Reading preference pairs that people wrote: JSON lines with a prompt and two answers each.

One decision: both sides become conversations by the rules for any other, and a pair is one only if nothing but the last
answer differs. So a file of TRL's, with or without `prompt` and of texts or messages, is read as it is, and a line that
is no pair stops the run and is named.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aurora.corpus.conversation import ASSISTANT, USER, Turn
from aurora.corpus.sources.conversations.layouts import said_in
from aurora.corpus.sources.conversations.soundness import sound
from aurora.errors import UserError
from aurora.files import open_regular
from aurora.recipe.sources import ConversationsSource

PLAIN = ConversationsSource(kind="conversations", paths=["-"])  # the rules for conversations, as a recipe leaves them
SIDES = ("chosen", "rejected")


@dataclass(frozen=True)
class Preference:
    """The `turns` up to a prompt, and two answers to it."""

    turns: list[Turn]
    chosen: str
    rejected: str


def read_preferences(path: Path) -> Iterator[Preference]:
    """The pairs of a file in their order; `UserError` names the first line that is none."""
    for number, line in _lines(path):
        try:
            yield preference(json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8")))
        except (ValueError, RecursionError) as error:
            raise UserError(
                f"{path}, line {number}: this is not a preference pair ({error}): give it `prompt`, `chosen` and "
                "`rejected`, or remove the line."
            ) from error


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines that are not empty, with their numbers; of bytes, as a text's also end at characters in a prompt."""
    try:
        with open_regular(path) as stream:
            yield from ((number, line) for number, line in enumerate(stream, 1) if line.strip())
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): check tokens.preferences in the recipe.") from error


def preference(row: Any) -> Preference:
    """A row as a pair; raises ValueError with the reason where it is none."""
    if not isinstance(row, Mapping):
        raise ValueError("it is not a table")
    if missing := [side for side in SIDES if row.get(side) is None]:
        raise ValueError(f"it has no {' and no '.join(missing)}")
    (before, chosen), (others, rejected) = (_conversation(row.get("prompt"), row[side], side) for side in SIDES)
    if before != others:
        raise ValueError("its two answers are not to the same prompt")
    return Preference(before, chosen, rejected)


def _conversation(prompt: Any, answer: Any, side: str) -> tuple[list[Turn], str]:
    """The turns before the last answer of one side, and that answer."""
    messages = [*_messages(prompt, USER), *_messages(answer, ASSISTANT)]
    turns, unanswered = sound(said_in({"messages": messages}, "messages", PLAIN), PLAIN)
    if unanswered or turns[-1].role != ASSISTANT:
        raise ValueError(f"`{side}` does not end with an answer")
    if not any(turn.role == USER for turn in turns):
        raise ValueError("it has no prompt")
    if not turns[-1].text.strip():
        raise ValueError(f"`{side}` is empty")
    return turns[:-1], turns[-1].text


def _messages(value: Any, role: str) -> list[Any]:
    """A text of one side as a message, a list as it is."""
    if value is None:
        return []
    if isinstance(value, str):
        return [{"role": role, "content": value}]
    if isinstance(value, list):
        return value
    raise ValueError(f"a {type(value).__name__} stands where a text or a list of messages belongs")

"""The layouts in which data sets publish conversations: a row's turns, as it says them.

One decision: a layout is told by the keys of a row, so that sets need no code of their own, and a name of a key that is
not usual is said in the recipe. What is said is not judged here (see `soundness`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from aurora.corpus.sources.conversations.transcripts import speakers_in
from aurora.corpus.sources.rows import names_of, value_at
from aurora.recipe.sources import ConversationsSource, Layout, Part

# The usual names of each part, those of more data sets first.
NAMES: Mapping[Part, tuple[str, ...]] = {
    "messages": ("messages", "conversations", "conversation", "dialogue", "dialog", "chat", "turns", "data", "chosen"),
    "system": ("system", "system_prompt", "definition"),
    "prompt": ("instruction", "prompt", "question", "query", "inputs", "input", "problem", "user", "human"),
    "context": ("context", "input"),
    "response": (
        "response", "output", "completion", "answer", "targets", "target", "solution", "chosen", "assistant", "gpt",
    ),
}  # fmt: skip
ROLE_KEYS = ("role", "from", "speaker", "author")
TEXT_KEYS = ("content", "value", "text", "message")
TRANSCRIPTS = ("chosen", "transcript", "text", "conversation")
# Turns before the prompt of a row of columns, and what says that a turn is not learnt.
HISTORY, NOT_LEARNT = "history", ("train", "loss")
_TREE_KEYS = ("message_id", "parent_id")


class Said(NamedTuple):
    """A turn as a row has it: the name of its role, and what should be its text.

    `calls` are tools that it calls; `weight` is what the row says of how much it counts, 0 for nothing.
    """

    role: str
    content: Any
    calls: Any = None
    weight: Any = None


def is_reply(row: Mapping[str, Any], source: ConversationsSource) -> bool:
    """Whether a row is a message that names the one it replies to."""
    return source.layout == "replies" if source.layout else all(key in row for key in _TREE_KEYS)


def layout_of(row: Mapping[str, Any], source: ConversationsSource) -> Layout:
    """How a row holds its conversation; raises ValueError where no key tells."""
    if source.layout is not None:
        return source.layout
    if is_reply(row, source):
        return "replies"
    if isinstance(prompt := row.get("prompt"), dict) and "replies" in prompt:
        return "tree"
    if isinstance(_found(row, "messages", source), list | dict):
        return "messages"
    if _transcript(row, source) is not None:
        return "transcript"
    if _found(row, "prompt", source) is not None and _found(row, "response", source) is not None:
        return "columns"
    if isinstance(_json(_found(row, "messages", source)), list):
        return "messages"
    raise ValueError(f"the keys {names_of(row)} have no known layout: set `layout` and `keys`")


def said_in(row: Mapping[str, Any], layout: Layout, source: ConversationsSource) -> list[Said]:
    """The turns that a row says, where it holds a conversation by itself; raises ValueError where it does not."""
    if layout == "messages":
        found = _json(_found(row, "messages", source))
        system = _found(row, "system", source)
        before = [Said("system", system)] if isinstance(system, str) and system else []
        return before + list(_messages(found))
    if layout == "columns":
        return list(_columns(row, source))
    speakers = _transcript(row, source)
    if speakers is None:
        raise ValueError("there is no text with `Human:` and `Assistant:`, or their like")
    return [Said(role, content) for role, content in speakers]


def _messages(found: Any) -> Iterator[Said]:
    """A list of turns, in each of the ways that one is written."""
    if isinstance(found, dict):  # a table of columns, as `datasets` keeps a list of tables
        lengths = {len(column) for column in found.values() if isinstance(column, list)}
        if len(lengths) != 1 or not all(isinstance(column, list) for column in found.values()):
            raise ValueError("its turns are columns of different lengths")
        found = [dict(zip(found, values, strict=True)) for values in zip(*found.values(), strict=True)]
    if not isinstance(found, list):
        raise ValueError("its turns are not a list")
    if all(isinstance(turn, str) for turn in found):
        yield from (Said("assistant" if number % 2 else "user", text) for number, text in enumerate(found))
        return
    for number, turn in enumerate(found, 1):
        if isinstance(turn, list) and len(turn) == 2:
            yield from (Said("user", turn[0]), Said("assistant", turn[1]))
        elif isinstance(turn, dict):
            yield from _turn(turn, number)
        else:
            raise ValueError(f"turn {number} is not a turn of a conversation")


def _turn(turn: Mapping[str, Any], number: int) -> Iterator[Said]:
    """One entry of a list of turns, which may be a prompt with its answer."""
    role = next((turn[key] for key in ROLE_KEYS if isinstance(turn.get(key), str)), None)
    if role is not None:
        content = next((turn[key] for key in TEXT_KEYS if key in turn), None)
        weight = 0 if any(turn.get(key) is False for key in NOT_LEARNT) else turn.get("weight")
        yield Said(role, content, turn.get("tool_calls") or turn.get("function_call"), weight)
        return
    prompt, response = (
        next((turn[key] for key in NAMES[part] if key in turn), None) for part in ("prompt", "response")
    )
    if prompt is None or response is None:
        raise ValueError(f"turn {number} has no role: it has {names_of(turn)}")
    yield from (Said("user", prompt), Said("assistant", response))


def _columns(row: Mapping[str, Any], source: ConversationsSource) -> Iterator[Said]:
    """Columns of a prompt, its response and what stands around them; either may be a list of turns."""
    if (system := _found(row, "system", source)) is not None:
        yield Said("system", system)
    if isinstance(history := row.get(HISTORY), list):
        yield from _messages(history)
    prompt, response = (_found(row, part, source) for part in ("prompt", "response"))
    if isinstance(prompt, list):
        yield from _messages(prompt)
    else:
        context = _found(row, "context", source)
        if isinstance(prompt, str) and isinstance(context, str) and context.strip() and context != prompt:
            prompt = f"{prompt}\n\n{context}" if prompt.strip() else context
        yield Said("user", prompt)
    if isinstance(response, list) and response and isinstance(response[0], dict):
        yield from _messages(response)
    elif isinstance(response, list) and len(response) > 1 and all(isinstance(one, str) for one in response):
        raise ValueError(f"it has {len(response)} answers")
    else:
        yield Said("assistant", response)


def _found(row: Mapping[str, Any], part: Part, source: ConversationsSource) -> Any:
    """What a row has of a part: under the key that the recipe says, or the first usual one; None where it has none."""
    if part in source.keys:
        return value_at(row, source.keys[part])
    names: Sequence[str] = NAMES[part]
    if part == "context" and not any(isinstance(row.get(key), str) for key in ("instruction", "prompt", "question")):
        return None  # `input` is then the prompt itself
    for name in names:
        if (value := row.get(name)) is not None:
            return value
    return None


def _transcript(row: Mapping[str, Any], source: ConversationsSource) -> list[tuple[str, str]] | None:
    """Who says what in the text of a row that is a conversation by its marks."""
    names = (source.keys["messages"],) if "messages" in source.keys else TRANSCRIPTS
    for name in names:
        text = row.get(name)
        if isinstance(text, str) and (speakers := speakers_in(text)):
            return speakers
    return None


def _json(found: Any) -> Any:
    """What a text holds that is JSON of a list, as sets without nested columns keep their turns."""
    if isinstance(found, str) and found.lstrip().startswith("["):
        try:
            return json.loads(found)
        except (ValueError, RecursionError):
            return found
    return found

"""A row's turns made a sound conversation: names of roles told, prompts and answers in turn, an answer last.

One decision: what can be read in one way only is mended (two turns of one side are one, an empty system turn is none, a
last prompt without an answer is left out), and everything else is refused with its reason, so that no turn is invented.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from aurora.corpus.conversation import ASSISTANT, BETWEEN, SYSTEM, USER, Turn
from aurora.corpus.sources.conversations.layouts import Said
from aurora.corpus.sources.rows import names_of
from aurora.recipe.sources import ConversationsSource

TOOL = "tool"
_TEXTS = (None, "text", "input_text", "output_text")  # types of parts that are text
# Names in use for each role, without case; those of other languages are said in the recipe.
ROLES: Mapping[str, str] = {
    **dict.fromkeys(("user", "human", "prompter", "customer"), USER),
    **dict.fromkeys(("assistant", "gpt", "bot", "model", "ai", "chatgpt", "bing", "bard", "chatbot"), ASSISTANT),
    **dict.fromkeys(("system", "developer"), SYSTEM),
    **dict.fromkeys(("tool", "function", "observation", "ipython", "function_response", "tool_response"), TOOL),
    **dict.fromkeys(("function_call", "tool_call"), "call"),
}


def sound(said: Sequence[Said], source: ConversationsSource) -> tuple[list[Turn], bool]:
    """The turns of a conversation that a recipe takes, and whether a last prompt without an answer was left out.

    Raises ValueError with the reason where they are none.
    """
    turns, unanswered = mended(said, source)
    return taken(turns, source), unanswered


def taken(turns: list[Turn], source: ConversationsSource) -> list[Turn]:
    """All turns of a sound conversation, or those up to its first answer."""
    if source.take == "first":
        return turns[: 1 + next(place for place, turn in enumerate(turns) if turn.role == ASSISTANT)]
    return turns


def mended(said: Sequence[Said], source: ConversationsSource) -> tuple[list[Turn], bool]:
    """As `sound`, with all turns."""
    turns: list[Turn] = []
    for number, one in enumerate(said, 1):
        turn = _turn(one, number, source)
        if turn.role == SYSTEM and not turn.text.strip():
            continue
        if turn.role == SYSTEM and any(earlier.role != SYSTEM for earlier in turns):
            raise ValueError(f"turn {number} is a second system turn")
        if turn.role == USER and not turn.text.strip():
            raise ValueError(f"turn {number} (user) is empty")
        if turns and turns[-1].role == turn.role:
            earlier = turns.pop()
            texts = [text for text in (earlier.text, turn.text) if text.strip()]
            turn = Turn(turn.role, BETWEEN.join(texts), earlier.learnt and turn.learnt)
        turns.append(turn)
    first = next((turn.role for turn in turns if turn.role != SYSTEM), None)
    if first == ASSISTANT:
        raise ValueError("it begins with an answer")
    unanswered = bool(turns) and turns[-1].role == USER
    if unanswered:
        turns.pop()
    if not any(turn.role == ASSISTANT for turn in turns):
        raise ValueError("it has no answer")
    return turns, unanswered


def is_answer(said: Said, source: ConversationsSource) -> bool:
    """Whether the model says this."""
    return _role(said.role, 0, source) == ASSISTANT


def _turn(said: Said, number: int, source: ConversationsSource) -> Turn:
    role = _role(said.role, number, source)
    text = "" if said.content is None and (role == SYSTEM or said.calls) else _text(said.content, role, number)
    if role in (TOOL, "call") or said.calls:
        if source.tool_turns == "refuse":
            raise ValueError(f"turn {number} calls or answers for a tool: see `tool_turns`")
        calls = json.dumps(said.calls, ensure_ascii=False, sort_keys=True) if said.calls else ""
        text = "\n".join(part for part in (text, calls) if part)
        role = USER if role == TOOL else ASSISTANT  # what a tool says is what the model is given next
    return Turn(role, text, said.weight != 0)


def _role(name: str, number: int, source: ConversationsSource) -> str:
    folded = _folded(name)
    for known, role in source.roles.items():
        if _folded(known) == folded:
            return role
    if folded not in ROLES:
        turn = f"turn {number}" if number else "a turn"
        raise ValueError(f"{turn} has the role {name[:40]!r}, which is unknown: name it in `roles`")
    return ROLES[folded]


def _folded(name: str) -> str:
    """A name without case, width and blanks around it."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def _text(content: Any, role: str, number: int) -> str:
    """The text of a turn, or of its parts where they are all text."""
    if isinstance(content, str):
        return content
    if content is None:
        raise ValueError(f"turn {number} ({role}) has no text (null)")
    if isinstance(content, dict):
        content = [content]
    if not isinstance(content, list):
        raise ValueError(f"turn {number} ({role}) is not text")
    return "".join(_part(part, role, number) for part in content)


def _part(part: Any, role: str, number: int) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, dict) and isinstance(part.get("text"), str) and part.get("type") in _TEXTS:
        return str(part["text"])
    kind = (part.get("type") or names_of(part)) if isinstance(part, dict) else type(part).__name__
    raise ValueError(f"turn {number} ({role}) has a part that is not text ({str(kind)[:40]})")

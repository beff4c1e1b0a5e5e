"""A model of rules, which answers at once, and items made up for each kind of task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

ITEMS: dict[str, dict[str, Any]] = {
    "choice": {"question": "‹question›", "choices": ["‹first›", "‹second›", "‹third›"], "answer": 1},
    "gap": {"question": "‹before› _ ‹behind›", "choices": ["‹first›", "‹second›"], "answer": 0},
    "reading": {"context": "‹passage›", "question": "‹question›", "answers": ["‹answer›"]},
    "open": {"question": "‹question›", "answers": ["‹answer›"]},
    "maths": {"question": "‹question›", "answers": ["7"], "solution": "‹steps› #### 7"},
    "program": {
        "prompt": "‹prompt›", "test": "‹test›", "canonical_solution": "‹solution›", "buggy_solution": "‹bug›",
        "entry_point": "‹name›",
    },
    "safety": {"text": "‹request›", "category": "‹category›"},
    "writing": {"text": "‹text›", "answers": ["‹answer›"]},
}  # fmt: skip


class Model:
    """Likes a continuation the more, the more often its last word stands in the context; writes what it is told to."""

    def __init__(self, writes: str = "7", max_length: int = 4096) -> None:
        self.writes, self.max_length = writes, max_length
        self.asked: list[tuple[Any, ...]] = []

    def loglikelihood(self, requests: Sequence[Any]) -> list[tuple[float, bool]]:
        self.asked += [request.args for request in requests]
        pairs = [request.args for request in requests]
        return [(float(context.count(behind.split()[-1])) - len(behind.encode()), False) for context, behind in pairs]

    def generate_until(self, requests: Sequence[Any]) -> list[str]:
        self.asked += [request.args for request in requests]
        return [self.writes for _ in requests]

    def tok_encode(self, text: str) -> list[int]:
        return list(text.encode())

    def apply_chat_template(self, messages: Sequence[dict[str, str]], add_generation_prompt: bool = True) -> str:
        turns = "".join(f"<{message['role']}>{message['content']}" for message in messages)
        return turns + "<answer>" * add_generation_prompt

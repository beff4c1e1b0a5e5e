"""How a prompt and its response become one text.

One decision: the format is AURORA-M's own, and it is the same in training, evaluation and chat.
"""

from __future__ import annotations

PROMPT = "### Instruction:\n{prompt}\n### Response:\n"


def format_prompt(prompt: str) -> str:
    """The text before a response."""
    return PROMPT.format(prompt=prompt)

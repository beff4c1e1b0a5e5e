"""How a prompt and its response become one text.

One decision: the recipe names the format once (`tokens.format`), and training, evaluation and chat all read it there.
"""

from __future__ import annotations

from aurora.recipe.tokens import AURORA, FORMATS


def format_prompt(prompt: str, style: str = AURORA) -> str:
    """The text before a response, in a named format or in a text of its own with `{prompt}` in it."""
    before, _, after = FORMATS.get(style, style).partition("{prompt}")
    return before + prompt + after

"""The tokens of a run.

One decision: all of it is computed from the stores and the formula of the mixture, as training does; so it can be asked
before a stage is trained.
"""

from __future__ import annotations

from typing import Any

from aurora.recipe import Recipe
from aurora.run.folder import RunFolder
from aurora.tokens.describe import describe, inspect_tokens, sequence_at


class Tokens:
    """The tokenizer and stores of `run`, read as `recipe` says; `AuroraError` where they are not built yet."""

    def __init__(self, recipe: Recipe, run: RunFolder) -> None:
        self._recipe = recipe
        self._run = run

    def facts(self) -> dict[str, Any]:
        """`tokenizer`, `bytes_per_token` by language, `stores`, and what each of the `stages` reads of them."""
        return inspect_tokens(self._recipe, self._run)

    def sequence(self, number: int, stage: str | None = None) -> dict[str, Any]:
        """Sequence `number` (from 0) of a stage, the last one without a name, as text with its documents."""
        return sequence_at(self._recipe, self._run, stage, number)

    def __str__(self) -> str:
        return describe(self.facts())
